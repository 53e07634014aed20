#include "stockroom/http_client/lookup.hpp"

#include <chrono>
#include <latch>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace stockroom::http_client {
namespace {

using std::chrono::milliseconds;

const Endpoints kThere{{boost::asio::ip::make_address("127.0.0.7"), 8083}};
constexpr milliseconds kShort{20};
constexpr milliseconds kLong{60'000};  // never waited for

/// What the test's lookups answer, and when; the threads that look up have it with it.
struct Script {
    Lookup::Found found = kThere;
    bool is_slow = false;
    std::latch end{1};
};

class LookupTest : public testing::Test {
  protected:
    ~LookupTest() override { script_->end.count_down(); }

    std::unique_ptr<Lookup> make(const std::string& host) { return make(host, script_); }
    std::unique_ptr<Lookup> make(const std::string& host, const std::shared_ptr<Script>& script) {
        return std::make_unique<Lookup>(
            context_, ServerUrl{.host = host, .port = 8083, .host_header = host, .base_path = {}},
            [script](const std::string&, std::uint16_t) {
                const auto found = script->found;
                if (script->is_slow) script->end.wait();
                return found;
            });
    }
    Lookup::Found find(Lookup& lookup, milliseconds patience) {
        auto result = boost::asio::co_spawn(context_, lookup.find(base::in(patience)),
                                            boost::asio::use_future);
        context_.restart();
        context_.run();
        return result.get();
    }

    boost::asio::io_context context_{1};
    const std::shared_ptr<Script> script_ = std::make_shared<Script>();
};

TEST_F(LookupTest, AnAddressNeedsNone) {
    script_->is_slow = true;
    EXPECT_EQ(find(*make("127.0.0.7"), kLong), kThere);
}

TEST_F(LookupTest, ANameIsLookedUpEachTime) {
    const auto lookup = make("orders");
    EXPECT_EQ(find(*lookup, kLong), kThere);
    script_->found = Endpoints{{boost::asio::ip::make_address("127.0.0.8"), 8083}};
    EXPECT_EQ(find(*lookup, kLong), script_->found);
}

TEST_F(LookupTest, NeitherOthersNorItsEndWaitForASlowOne) {
    auto slow = make("orders");
    script_->is_slow = true;
    const auto found = find(*slow, kShort);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), boost::asio::error::operation_aborted);
    EXPECT_FALSE(find(*slow, kShort)) << "it is under way, and no other is begun";

    EXPECT_EQ(find(*make("stock", std::make_shared<Script>()), kLong), kThere);
    slow.reset();
}

TEST_F(LookupTest, WhatWasFoundLastServesWhileTheNextTakesLong) {
    const auto lookup = make("orders");
    ASSERT_TRUE(find(*lookup, kLong));
    script_->is_slow = true;
    EXPECT_EQ(find(*lookup, kShort), kThere);
}

TEST_F(LookupTest, WhatIsGoneIsForgottenButNotWhenNobodyCanSay) {
    const auto lookup = make("orders");
    ASSERT_TRUE(find(*lookup, kLong));
    using boost::system::error_code;
    script_->found = std::unexpected(error_code(boost::asio::error::host_not_found_try_again));
    EXPECT_EQ(find(*lookup, kLong), kThere);
    script_->found = std::unexpected(error_code(boost::asio::error::host_not_found));
    EXPECT_EQ(find(*lookup, kLong), script_->found);
    script_->found = std::unexpected(error_code(boost::asio::error::host_not_found_try_again));
    EXPECT_EQ(find(*lookup, kLong), script_->found);
}

TEST_F(LookupTest, TheSystemKnowsThisHost) {
    const auto found = Lookup::ask_system("localhost", 8083);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_TRUE(found->front().address().is_loopback());
}

}  // namespace
}  // namespace stockroom::http_client
