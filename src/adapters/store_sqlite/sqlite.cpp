#include "stockroom/store_sqlite/sqlite.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit.hpp"
#include "connection.hpp"
#include "queries.hpp"
#include "schema.hpp"
#include "store.hpp"
#include "turns.hpp"

namespace stockroom::store_sqlite {

namespace {

ports::Error cannot_make(const std::string& path, const std::string& reason) {
    return {ports::ErrorKind::permanent, fmt::format("sqlite: cannot make {}: {}", path, reason)};
}

/// SQLite would make the file with the process's default rights; its companions (-wal, -shm) get
/// those of the file.
Expected<void> make_file(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) return std::unexpected(cannot_make(folder.string(), error.message()));
    const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) return std::unexpected(cannot_make(path, std::generic_category().message(errno)));
    ::close(file);
    return {};
}

Expected<std::unique_ptr<Connection>> open_writer(const std::string& path) {
    auto connection = Connection::open(path, Connection::Mode::read_write);
    if (!connection) return connection;
    auto& writer = **connection;
    writer.execute("PRAGMA synchronous = FULL");
    writer.execute("PRAGMA foreign_keys = ON");
    writer.execute("PRAGMA temp_store = MEMORY");
    writer.execute("PRAGMA cache_size = -65536");            // KiB
    writer.execute("PRAGMA wal_autocheckpoint = 4096");      // pages
    writer.execute("PRAGMA journal_size_limit = 67108864");  // bytes, once checkpointed
    if (writer.failed()) return std::unexpected(writer.take_error());
    return connection;
}

Expected<std::unique_ptr<Connection>> open_reader(const std::string& path) {
    auto connection = Connection::open(path, Connection::Mode::read_only);
    if (!connection) return connection;
    auto& reader = **connection;
    reader.execute("PRAGMA temp_store = MEMORY");
    reader.execute("PRAGMA cache_size = -16384");  // KiB
    if (reader.failed()) return std::unexpected(reader.take_error());
    return connection;
}

class Database final : public SqliteDatabase {
  public:
    explicit Database(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] std::expected<std::unique_ptr<ports::Store>, ports::Error> make_store() override {
        auto connection = open_writer(path_);
        if (!connection) return std::unexpected(std::move(connection.error()));
        return std::make_unique<SqliteStore>(*std::move(connection), turns_);
    }

    [[nodiscard]] std::expected<std::unique_ptr<ports::Queries>, ports::Error> make_queries()
        override {
        auto connection = open_reader(path_);
        if (!connection) return std::unexpected(std::move(connection.error()));
        return std::make_unique<SqliteQueries>(*std::move(connection));
    }

  private:
    std::string path_;
    std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
};

}  // namespace

std::expected<std::shared_ptr<SqliteDatabase>, ports::Error> SqliteDatabase::open(
    const std::string& path) {
    if (auto made = make_file(path); !made) return std::unexpected(std::move(made.error()));
    auto connection = open_writer(path);
    if (!connection) return std::unexpected(std::move(connection.error()));
    if (auto migrated = migrate(**connection); !migrated)
        return std::unexpected(std::move(migrated.error()));
    return std::make_shared<Database>(path);
}

std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    const std::string& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return std::unexpected(ports::Error{
            ports::ErrorKind::permanent,
            fmt::format("sqlite: there is no store at {}: run ./dev run or stockroom serve first",
                        path)});
    auto connection = open_reader(path);
    if (!connection) return std::unexpected(std::move(connection.error()));
    if (auto current = require_current_schema(**connection); !current)
        return std::unexpected(std::move(current.error()));
    return make_audit_source(*std::move(connection));
}

}  // namespace stockroom::store_sqlite
