#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stockroom/base/money.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/ports/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace stockroom::store_sqlite {

template <typename T>
using Expected = std::expected<T, ports::Error>;

class Statement;

/// One connection to a SQLite file. The first thing that goes wrong is kept: from then on, until
/// the error is taken, its statements do nothing and give no rows. So a function can run many
/// statements in a row and ask once, at its end (finish).
/// Not thread-safe. Outlives its statements.
class Connection {
  public:
    enum class Mode { read_write, read_only };

    /// Opens a file that is there.
    [[nodiscard]] static Expected<std::unique_ptr<Connection>> open(const std::string& path,
                                                                    Mode mode);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Runs SQL without parameters; rows are ignored.
    void execute(const char* sql);
    [[nodiscard]] std::int64_t integer(const char* sql);  // of the first row; 0 when there is none

    /// How long a lock that another process holds is waited for.
    void set_busy_timeout(std::chrono::milliseconds timeout);
    [[nodiscard]] bool in_transaction() const;
    /// Rows changed by the statement that ran last.
    [[nodiscard]] std::int64_t changes() const;
    /// Undoes what is under way; errors of that are of no interest.
    void roll_back() noexcept;

    [[nodiscard]] bool failed() const { return error_.has_value(); }
    /// Keeps an error, unless there is one already.
    void fail(ports::Error error);
    /// A row holds what no version ever wrote.
    void fail_corrupt(std::string_view what);
    [[nodiscard]] ports::Error take_error();

    /// The value, or the error of whatever ran since the last one was taken.
    template <typename T>
    [[nodiscard]] Expected<T> finish(T value) {
        if (failed()) return std::unexpected(take_error());
        return value;
    }
    [[nodiscard]] Expected<void> finish() {
        if (failed()) return std::unexpected(take_error());
        return {};
    }

  private:
    friend class Statement;
    explicit Connection(sqlite3* handle) : handle_(handle) {}
    void fail_with(int code, std::string_view doing);

    sqlite3* handle_;
    std::optional<ports::Error> error_;
};

/// The rows of a statement under way; it is at rest again when they are destroyed.
class Rows {
  public:
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    ~Rows();

    /// Whether there is another row; false too when something went wrong (Connection::failed).
    [[nodiscard]] bool next();

    // Of the present row. Texts and bytes are valid until the next call of next().
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
    [[nodiscard]] base::Uuid uuid(int column) const;
    [[nodiscard]] std::optional<base::Uuid> optional_uuid(int column) const;
    [[nodiscard]] base::Fingerprint fingerprint(int column) const;
    [[nodiscard]] base::Time time(int column) const {
        return base::Time::from_microseconds(integer(column));
    }
    [[nodiscard]] base::Money money(int column) const {
        return base::Money::from_minor(integer(column));
    }

  private:
    friend class Statement;
    explicit Rows(Statement& statement) : statement_(statement) {}
    Statement& statement_;
};

/// One SQL statement, prepared once, at its first use. What is bound must outlive the rows.
class Statement {
  public:
    /// REQUIRES: the SQL is a literal.
    Statement(Connection& connection, const char* sql) : connection_(connection), sql_(sql) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Starts reading, with one value for each `?`.
    template <typename... Values>
    [[nodiscard]] Rows query(const Values&... values) {
        start();
        int index = 0;
        (bind(++index, values), ...);
        return Rows(*this);
    }

    /// Runs to the end. Whether that went well.
    template <typename... Values>
    bool run(const Values&... values) {
        Rows rows = query(values...);
        while (rows.next()) {
        }
        return !connection_.failed();
    }

  private:
    friend class Rows;
    void start();
    void bind(int index, std::int64_t value);
    void bind(int index, bool value) { bind(index, std::int64_t{value}); }
    void bind(int index, std::string_view text);
    void bind(int index, const base::Uuid& id);
    void bind(int index, const base::Fingerprint& bytes);
    void bind(int index, base::Time time) { bind(index, time.microseconds()); }
    void bind(int index, base::Money money) { bind(index, money.minor()); }
    void bind(int index, const char*) = delete;
    template <typename T>
    void bind(int index, const std::optional<T>& value) {
        if (value) bind(index, *value);  // otherwise NULL, which start() has left there
    }
    void check(int code);

    Connection& connection_;
    const char* sql_;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace stockroom::store_sqlite
