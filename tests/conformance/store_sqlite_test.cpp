#include <filesystem>
#include <stdexcept>

#include <stdlib.h>

#include "stockroom/store_sqlite/sqlite.hpp"

#include "store_suite.hpp"

namespace stockroom::conformance {

namespace {

class SqliteUnderTest final : public StoreUnderTest {
  public:
    SqliteUnderTest() { reopen(); }
    ~SqliteUnderTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::unique_ptr<ports::Store> make_store() override {
        return must(database_->make_store());
    }
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries() override {
        return must(database_->make_queries());
    }
    [[nodiscard]] std::unique_ptr<ports::AuditSource> make_audit_source() override {
        return must(store_sqlite::open_audit(path()));
    }
    void reopen() override { database_ = must(store_sqlite::SqliteDatabase::open(path())); }

  private:
    static std::filesystem::path make_folder() {
        std::string name = std::filesystem::temp_directory_path() / "stockroom-store-XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        return name;
    }
    [[nodiscard]] std::string path() const { return folder_ / "store.db"; }

    std::filesystem::path folder_ = make_folder();
    std::shared_ptr<store_sqlite::SqliteDatabase> database_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSuite,
                         testing::Values(StoreAdapter{
                             .name = "sqlite",
                             .make = [] { return std::make_unique<SqliteUnderTest>(); }}));

}  // namespace stockroom::conformance
