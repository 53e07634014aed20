#include "lead.hpp"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "test_database.hpp"

namespace stockroom::store_postgres {

namespace {

class HealthLead : public testing::Test {
  protected:
    void SetUp() override {
        if (!test_server_url()) GTEST_FAIL() << kNoTestServer;
        database_.emplace();
    }

    [[nodiscard]] std::unique_ptr<ports::Lead> make(const std::string& name) {
        return std::make_unique<PostgresHealthLead>(
            Target{.url = database_->url_as("stockroom_service"), .application = name});
    }
    [[nodiscard]] TestDatabase& database() { return *database_; }

  private:
    std::optional<TestDatabase> database_;
};

bool must(std::expected<bool, ports::Error> result) {
    EXPECT_TRUE(result.has_value()) << result.error().detail;
    return result.value_or(false);
}

}  // namespace

TEST_F(HealthLead, OneHasItAtATimeAndSaysSoAgain) {
    auto first = make("first");
    auto second = make("second");
    EXPECT_TRUE(must(first->take()));
    EXPECT_FALSE(must(second->take()));
    EXPECT_TRUE(must(first->take()));
    EXPECT_FALSE(must(second->take()));
}

TEST_F(HealthLead, AnotherGetsItWhenTheFirstEnds) {
    auto first = make("first");
    auto second = make("second");
    ASSERT_TRUE(must(first->take()));
    first.reset();
    // The server frees the lock once it has seen the end of the session.
    const auto deadline = base::in(std::chrono::seconds(60));
    while (!must(second->take()))
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(HealthLead, WhoseSessionIsLostMustAskAgain) {
    auto first = make("first");
    ASSERT_TRUE(must(first->take()));
    database().execute(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
        "WHERE application_name = 'first'");
    auto second = make("second");
    EXPECT_TRUE(must(second->take()));
    const auto lost = first->take();
    EXPECT_TRUE(!lost || !*lost);
    EXPECT_FALSE(must(first->take()));
}

}  // namespace stockroom::store_postgres
