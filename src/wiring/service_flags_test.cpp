#include "service_flags.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace stockroom::wiring {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr About kOrders{.name = "orders", .summary = "Orders", .port = 8083};

ServiceFlags complete() {
    ServiceFlags flags;
    flags.listen = "127.0.0.1:0";
    flags.store_url = "postgres://u:secret@host/db";
    flags.bus_url = "amqp://u:secret@host";
    return flags;
}

/// A file with this text, gone with the object.
class File {
  public:
    explicit File(std::string_view text) { std::ofstream(path_) << text; }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_ =
        testing::TempDir() + "service_flags_test." + std::to_string(getpid()) + ".url";
};

TEST(ServiceFlags, HaveADefaultForWhereToListenOnly) {
    CLI::App app;
    ServiceFlags flags;
    add_service_flags(app, kOrders, flags);
    const std::array<const char*, 1> arguments{"stockroom-orders"};
    app.parse(1, arguments.data());
    EXPECT_EQ(flags.listen, "127.0.0.1:8083");
    const auto settings = read_settings(flags);
    ASSERT_FALSE(settings);
    EXPECT_THAT(settings.error(),
                AllOf(HasSubstr("--store-url is missing"), HasSubstr("STOCKROOM_STORE_URL")));
}

TEST(ServiceFlags, GiveTheSettings) {
    const auto settings = read_settings(complete());
    ASSERT_TRUE(settings) << settings.error();
    EXPECT_EQ(settings->store_url, "postgres://u:secret@host/db");
    EXPECT_EQ(settings->bus_url, "amqp://u:secret@host");
    EXPECT_EQ(settings->listen.to_string(), "127.0.0.1:0");
}

TEST(ServiceFlags, ReadAUrlFromTheFirstLineOfAFile) {
    const File file("amqps://u:p@host/v\r\nmore\n");
    ServiceFlags flags = complete();
    flags.bus_url.clear();
    flags.bus_url_file = file.path();
    EXPECT_EQ(read_settings(flags).value().bus_url, "amqps://u:p@host/v");
}

TEST(ServiceFlags, SayWhatIsWrongAndShowNoPassword) {
    const File empty("");
    const auto refused = [](auto change) {
        ServiceFlags flags = complete();
        change(flags);
        const auto settings = read_settings(flags);
        return settings ? "accepted" : settings.error();
    };
    EXPECT_THAT(refused([](auto& flags) { flags.store_url = "mysql://u:secret@host/db"; }),
                AllOf(HasSubstr("postgres://"), Not(HasSubstr("secret"))));
    EXPECT_THAT(refused([](auto& flags) { flags.bus_url = "kafka://u:secret@host"; }),
                AllOf(HasSubstr("amqp://"), HasSubstr("amqps://"), Not(HasSubstr("secret"))));
    EXPECT_THAT(refused([](auto& flags) { flags.bus_url_file = "x"; }), HasSubstr("not both"));
    EXPECT_THAT(refused([](auto& flags) {
                    flags.store_url.clear();
                    flags.store_url_file = "/nowhere/at/all";
                }),
                HasSubstr("--store-url-file: /nowhere/at/all cannot be read"));
    EXPECT_THAT(refused([&](auto& flags) {
                    flags.store_url.clear();
                    flags.store_url_file = empty.path();
                }),
                HasSubstr("--store-url-file"));
    EXPECT_THAT(refused([](auto& flags) { flags.bus_ca_file = "/nowhere/ca.pem"; }),
                HasSubstr("--bus-ca-file: /nowhere/ca.pem cannot be read"));
    EXPECT_THAT(refused([](auto& flags) { flags.bus_ca_file = "/"; }), HasSubstr("--bus-ca-file"));
    EXPECT_THAT(refused([](auto& flags) { flags.listen = "nowhere"; }), HasSubstr("--listen"));
    EXPECT_THAT(refused([](auto& flags) { flags.listen = "amqp://u:secret@host"; }),
                AllOf(HasSubstr("--listen"), Not(HasSubstr("secret"))));
    EXPECT_THAT(refused([](auto& flags) {
                    flags.store_url_file = flags.store_url;
                    flags.store_url.clear();
                }),
                AllOf(HasSubstr("cannot be read"), Not(HasSubstr("secret"))));
    for (const char* password : {"sec@ret", "sec/ret", "sec#ret"}) {
        EXPECT_THAT(refused([&](auto& flags) {
                        flags.store_url = std::string("postgres://u:") + password + "@host/db";
                    }),
                    AllOf(HasSubstr("--store-url"), HasSubstr("@ is %40"), Not(HasSubstr("ret"))));
        EXPECT_THAT(refused([&](auto& flags) {
                        flags.bus_url = std::string("amqp://u:") + password + "@host";
                    }),
                    AllOf(HasSubstr("--bus-url"), HasSubstr("@ is %40"), Not(HasSubstr("ret"))));
    }
}

}  // namespace
}  // namespace stockroom::wiring
