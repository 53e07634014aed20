#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
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
#include "stockroom/telemetry/metrics.hpp"

#include "parameters.hpp"

struct pg_conn;
struct pg_result;

namespace stockroom::store_postgres {

template <typename T>
using Expected = std::expected<T, ports::Error>;

class Connection;
class Statement;

/// Which settings a session has (session.cpp).
enum class Purpose {
    decide,   // short transactions that lock rows
    read,     // cannot write
    relay,    // long-lived, writes its cursor
    audit,    // cannot write, long statements
    migrate,  // long statements, no schema expected
};

struct Target {
    std::string url;
    std::string application;  // application_name
    /// Counts the sessions that were lost and made anew.
    std::optional<telemetry::Counter> reconnects = std::nullopt;
};

/// The rows that a statement gave, all of them in memory.
class Rows {
  public:
    /// Without rows.
    Rows() = default;

    /// Whether there is another row.
    [[nodiscard]] bool next();
    [[nodiscard]] std::size_t size() const;

    // Of the present row. Texts are valid as long as this. What has another width than the type
    // asked for is a bug in the SQL: base::bug.
    [[nodiscard]] bool is_null(int column) const;
    /// Of a boolean, smallint, integer or bigint (cast what sum() gives: it is numeric).
    [[nodiscard]] std::int64_t integer(int column) const;
    /// Of a text, or the bytes of a bytea.
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
    friend class Connection;
    struct Clear {
        void operator()(pg_result* result) const;
    };
    explicit Rows(pg_result* result) : result_(result) {}

    std::unique_ptr<pg_result, Clear> result_;
    int row_ = -1;
};

/// One connection to PostgreSQL, made when it is first used and again after it was lost. The first
/// thing that goes wrong is kept: from then on, until the error is taken, its statements do nothing
/// and give no rows. So a function can send many statements, read their rows, and ask once, at its
/// end (finish). A transaction that was open in a lost session is gone with it: take the error only
/// where the whole transaction is given up.
/// Every wait for the server ends at the deadline, or after what the purpose allows: then the
/// session is dropped, since what it is doing cannot be known, and the error is retryable. (Only
/// the lookup of a host's name, which libpq leaves to the system, waits as long as the system
/// does.) Not thread-safe. Outlives its statements.
class Connection {
  public:
    Connection(Target target, Purpose purpose);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Until when all that follows may wait; empty: what the purpose
    /// allows, for each wait.
    void set_deadline(std::optional<base::Deadline> deadline) { deadline_ = deadline; }

    /// Makes the session if there is none. Whether there is one.
    bool open();
    /// Grows with each session: tells whether a session is still the same.
    [[nodiscard]] std::uint64_t session() const { return session_; }
    [[nodiscard]] bool is_open() const { return handle_ != nullptr; }
    void close() noexcept;

    /// Runs SQL without parameters, several statements too; rows are ignored. Not while anything is
    /// sent and not received.
    void execute(const std::string& sql);

    // The pipeline: statements are sent (Statement::send), it is ended, then their rows are
    // received in the same order, each once. After an error the server skips the rest of it.
    void end_pipeline();
    /// The rows of the next statement that was sent.
    [[nodiscard]] Rows receive();
    /// Receives, ignoring rows, until all that was sent is done.
    void receive_all();

    [[nodiscard]] bool in_transaction() const;
    /// Ends a transaction under way without a trace; errors of that are of no interest. Leaves the
    /// kept error. Drops the session when that does not go at once.
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

    /// How often it has waited for the server since it was made, and what was sent: for tests and
    /// measurements.
    struct Counts {
        std::uint64_t round_trips = 0;
        std::uint64_t statements = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    friend class Statement;
    enum class Sent { prepare, statement, end };
    struct Pending {
        Sent sent;
        Statement* statement;
    };

    [[nodiscard]] std::string name_statement();
    void send(Statement& statement, const Parameters& parameters);
    [[nodiscard]] base::Deadline deadline() const;
    /// Gives up a session that ended while nothing was under way, so that what comes next need not
    /// fail to find out.
    void drop_if_ended();
    bool connect(base::Deadline deadline);
    bool set_up();
    /// Waits until the socket is ready for these poll(2) events; else the session is dropped.
    bool wait(short events, base::Deadline deadline);
    bool wait_for_result();
    /// Empty when there is none, and at the end of a statement's.
    [[nodiscard]] Rows take_result(std::string_view doing);
    void drain();
    void fail_with(const Rows& result, std::string_view doing);
    void fail_lost(std::string_view doing);

    Target target_;
    const Purpose purpose_;
    pg_conn* handle_ = nullptr;
    std::uint64_t session_ = 0;
    std::uint64_t named_ = 0;
    std::deque<Pending> pending_;
    std::optional<base::Deadline> deadline_;
    std::optional<ports::Error> error_;
    Counts counts_;
};

/// One SQL statement with parameters `$1`, `$2`, …, prepared once per session, at its first use.
class Statement {
  public:
    Statement(Connection& connection, std::string sql);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Puts it into the pipeline: one value for each parameter, always of the same types.
    template <typename... Values>
    void send(const Values&... values) {
        if (connection_.failed()) return;
        Parameters parameters;
        (parameters.add(values), ...);
        connection_.send(*this, parameters);
    }

    /// Sends it alone and receives its rows. REQUIRES: nothing else is in the pipeline.
    template <typename... Values>
    [[nodiscard]] Rows query(const Values&... values) {
        send(values...);
        connection_.end_pipeline();
        return connection_.receive();
    }

    /// The same without rows. Whether that went well.
    template <typename... Values>
    bool run(const Values&... values) {
        (void)query(values...);
        return !connection_.failed();
    }

  private:
    friend class Connection;
    Connection& connection_;
    const std::string sql_;
    const std::string name_;
    std::uint64_t prepared_in_ = 0;  // the session that knows it; 0: none
};

}  // namespace stockroom::store_postgres
