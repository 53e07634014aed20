#include "admin_server.hpp"

#include <atomic>

#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stockroom/wiring/check.hpp"

namespace stockroom::wiring {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// Bus and store, either of which may be in trouble.
class AdminServerTest : public testing::Test {
  protected:
    AdminServerTest()
        : server_("orders",
                  {{.name = "bus",
                    .trouble = [this] { return bus_is_away_ ? "connection \"refused\"" : ""; }},
                   {.name = "store", .trouble = [this] { return store_is_away_ ? "gone" : ""; }}},
                  metrics_) {
        address_ = server_.start({"127.0.0.1", 0}).value();
    }

    std::string get(std::string_view target) {
        using boost::asio::ip::tcp;
        tcp::iostream stream;
        stream.expires_after(std::chrono::seconds(60));
        stream.connect(tcp::endpoint(boost::asio::ip::make_address(address_.host), address_.port));
        stream << "GET " << target << " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
               << std::flush;
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    int check_probe(const std::string& probe) { return check(address_.to_string(), probe); }

    telemetry::Metrics metrics_;
    std::atomic<bool> bus_is_away_ = false;  // from the test's thread to the server's
    std::atomic<bool> store_is_away_ = false;
    AdminServer server_;
    http::Address address_;
};

TEST_F(AdminServerTest, IsReadyWhileNoPartIsInTrouble) {
    EXPECT_THAT(get("/readyz"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr(R"({"status":"ok"})")));
    store_is_away_ = true;
    EXPECT_THAT(get("/readyz"),
                AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("application/problem+json"),
                      HasSubstr("Retry-After: 1"), HasSubstr(R"("detail":"store: gone")"),
                      HasSubstr(R"("parts":{"store":"gone"})")));
    bus_is_away_ = true;
    EXPECT_THAT(
        get("/readyz"),
        AllOf(StartsWith("HTTP/1.1 503"), HasSubstr(R"(bus: connection \"refused\"; store: gone)"),
              HasSubstr(R"("parts":{"bus":"connection \"refused\"","store":"gone"})")));
    EXPECT_THAT(get("/livez"), StartsWith("HTTP/1.1 200"));
    bus_is_away_ = store_is_away_ = false;
    EXPECT_THAT(get("/readyz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(AdminServerTest, ServesMetricsAndTellsWhoItIs) {
    metrics_.counter("stockroom_x_total", "For this test").add(3);
    EXPECT_THAT(get("/metrics"),
                AllOf(HasSubstr("text/plain; version=0.0.4"), HasSubstr("stockroom_x_total 3")));
    EXPECT_THAT(get("/"), AllOf(HasSubstr(R"("name":"stockroom-orders")"), HasSubstr("/metrics")));
    EXPECT_THAT(get("/v1/items"), StartsWith("HTTP/1.1 404"));
}

TEST_F(AdminServerTest, ACheckExitsAsTheProbeAnswers) {
    bus_is_away_ = true;
    testing::internal::CaptureStderr();
    EXPECT_EQ(check_probe("livez"), 0);
    EXPECT_EQ(check_probe("readyz"), 1);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("bus: connection"));
    bus_is_away_ = false;
    EXPECT_EQ(check_probe("readyz"), 0);

    server_.stop();
    testing::internal::CaptureStderr();
    EXPECT_EQ(check_probe("livez"), 1);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr(address_.to_string()));
}

TEST(Check, RefusesAnAddressThatIsNone) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(check("nowhere", "livez"), 2);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("--listen"));
}

}  // namespace
}  // namespace stockroom::wiring
