#include "connection.hpp"

#include <algorithm>
#include <climits>

#include <fmt/format.h>
#include <sqlite3.h>

#include "stockroom/base/check.hpp"

namespace stockroom::store_sqlite {

namespace {

/// sqlite.org/rescode.html. The connection keeps extended codes.
ports::ErrorKind kind_of(int code) {
    switch (code) {
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_ROWID:
            return ports::ErrorKind::conflict;
        default:
            break;
    }
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
        case SQLITE_PROTOCOL:
        case SQLITE_SCHEMA:
        case SQLITE_CANTOPEN:
            return ports::ErrorKind::retryable;
        default:
            return ports::ErrorKind::permanent;
    }
}

constexpr std::chrono::milliseconds kBusyTimeout{5'000};

/// SQLite counts its memory under one mutex for all threads unless told not to, before its first
/// use. When something else in the process was first, it just stays slower.
void configure_once() {
    [[maybe_unused]] static const int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

Expected<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
    configure_once();
    sqlite3* handle = nullptr;
    const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Connection> connection(new Connection(handle));
    if (code != SQLITE_OK) {
        connection->fail_with(code, fmt::format("open {}", path));
        auto error = connection->take_error();
        error.kind = ports::ErrorKind::permanent;
        return std::unexpected(std::move(error));
    }
    connection->set_busy_timeout(kBusyTimeout);
    connection->execute("PRAGMA secure_delete = OFF");
    return connection;
}

Connection::~Connection() {
    sqlite3_close(handle_);
}

void Connection::execute(const char* sql) {
    if (failed()) return;
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail_with(code, std::string_view(sql).substr(0, 100));
}

std::int64_t Connection::integer(const char* sql) {
    Statement statement(*this, sql);
    Rows rows = statement.query();
    return rows.next() ? rows.integer(0) : 0;
}

void Connection::set_busy_timeout(std::chrono::milliseconds timeout) {
    const auto count = std::clamp<std::int64_t>(timeout.count(), 0, INT_MAX);
    sqlite3_busy_timeout(handle_, static_cast<int>(count));
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

std::int64_t Connection::changes() const {
    return sqlite3_changes64(handle_);
}

void Connection::roll_back() noexcept {
    if (in_transaction()) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::fail(ports::Error error) {
    if (!error_) error_ = std::move(error);
}

void Connection::fail_corrupt(std::string_view what) {
    fail({ports::ErrorKind::permanent,
          fmt::format("sqlite: {} holds what was never written", what)});
}

ports::Error Connection::take_error() {
    CHECK(error_.has_value(), "an error is there to be taken");
    return *std::exchange(error_, std::nullopt);
}

void Connection::fail_with(int code, std::string_view doing) {
    const char* message = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    const std::string_view advice = code == SQLITE_FULL ? ": make room on its disk" : "";
    fail({kind_of(code), fmt::format("sqlite: {} ({}) in {}{}", message, code, doing, advice)});
}

Rows::~Rows() {
    if (statement_.statement_ != nullptr) sqlite3_reset(statement_.statement_);
}

bool Rows::next() {
    if (statement_.connection_.failed()) return false;
    const int code = sqlite3_step(statement_.statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) statement_.check(code);
    return false;
}

bool Rows::is_null(int column) const {
    return sqlite3_column_type(statement_.statement_, column) == SQLITE_NULL;
}

std::int64_t Rows::integer(int column) const {
    return sqlite3_column_int64(statement_.statement_, column);
}

std::string_view Rows::text(int column) const {
    // The bytes are asked for after the text, as sqlite.org/c3ref/column_blob.html wants it.
    const auto* text = sqlite3_column_text(statement_.statement_, column);
    if (text == nullptr) return {};
    const int size = sqlite3_column_bytes(statement_.statement_, column);
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

base::Fingerprint Rows::fingerprint(int column) const {
    base::Fingerprint bytes{};
    const auto* blob =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.statement_, column));
    const int size = sqlite3_column_bytes(statement_.statement_, column);
    if (blob == nullptr || size != static_cast<int>(bytes.size())) {
        statement_.connection_.fail_corrupt(sqlite3_column_name(statement_.statement_, column));
        return bytes;
    }
    std::copy_n(blob, bytes.size(), bytes.begin());
    return bytes;
}

base::Uuid Rows::uuid(int column) const {
    return base::Uuid(fingerprint(column));
}

std::optional<base::Uuid> Rows::optional_uuid(int column) const {
    if (is_null(column)) return std::nullopt;
    return uuid(column);
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

void Statement::start() {
    if (connection_.failed()) return;
    if (statement_ == nullptr) {
        check(sqlite3_prepare_v3(connection_.handle_, sql_, -1, SQLITE_PREPARE_PERSISTENT,
                                 &statement_, nullptr));
    } else {
        sqlite3_clear_bindings(statement_);
    }
}

void Statement::bind(int index, std::int64_t value) {
    if (!connection_.failed()) check(sqlite3_bind_int64(statement_, index, value));
}

void Statement::bind(int index, std::string_view text) {
    // A view without data would be bound as NULL.
    const char* data = text.empty() ? "" : text.data();
    if (!connection_.failed())
        check(
            sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, const base::Fingerprint& bytes) {
    if (!connection_.failed())
        check(sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_STATIC));
}

void Statement::bind(int index, const base::Uuid& id) {
    bind(index, id.bytes());
}

void Statement::check(int code) {
    if (code != SQLITE_OK) connection_.fail_with(code, std::string_view(sql_).substr(0, 100));
}

}  // namespace stockroom::store_sqlite
