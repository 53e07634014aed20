#include "stockroom/store_postgres/postgres.hpp"

#include "store_suite.hpp"
#include "test_database.hpp"

namespace stockroom::conformance {

namespace {

class PostgresUnderTest final : public StoreUnderTest {
  public:
    PostgresUnderTest() { reopen(); }

    [[nodiscard]] std::unique_ptr<ports::Store> make_store() override {
        return database_->make_store();
    }
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries() override {
        return database_->make_queries();
    }
    [[nodiscard]] std::unique_ptr<ports::AuditSource> make_audit_source() override {
        return must(store_postgres::open_audit(on_server_.url()));
    }
    void reopen() override {
        auto made = store_postgres::PostgresDatabase::make(on_server_.url_as("stockroom_service"),
                                                           "conformance", metrics_);
        if (!made) throw std::runtime_error(made.error());
        database_ = *std::move(made);
    }

  private:
    store_postgres::TestDatabase on_server_;
    telemetry::Metrics metrics_;
    std::shared_ptr<store_postgres::PostgresDatabase> database_;
};

StoreAdapter adapter() {
    return {.name = "postgres",
            .make = [] { return std::make_unique<PostgresUnderTest>(); },
            .missing = store_postgres::test_server_url() ? "" : store_postgres::kNoTestServer};
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Postgres, StoreSuite, testing::Values(adapter()));

}  // namespace stockroom::conformance
