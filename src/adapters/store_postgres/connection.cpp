#include "connection.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "stockroom/base/check.hpp"

#include "schema.hpp"
#include "session.hpp"

namespace stockroom::store_postgres {

namespace {

constexpr int kBinary = 1;

std::string_view start_of(std::string_view sql) {
    return sql.substr(0, 100);
}

/// 0: it has passed.
int milliseconds_until(base::Deadline deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

void ignore_notice(void*, const pg_result*) {}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const {
    PQclear(result);
}

bool Rows::next() {
    return ++row_ < PQntuples(result_.get());
}

std::size_t Rows::size() const {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

bool Rows::is_null(int column) const {
    return PQgetisnull(result_.get(), row_, column) == 1;
}

std::string_view Rows::text(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

std::int64_t Rows::integer(int column) const {
    const auto bytes = text(column);
    CHECK(bytes.size() == 1 || bytes.size() == 2 || bytes.size() == 4 || bytes.size() == 8,
          "a column is an integer");
    // The first byte has the sign; a boolean has none.
    auto value = static_cast<std::uint64_t>(std::int64_t{static_cast<signed char>(bytes[0])});
    for (const char byte : bytes.substr(1))
        value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

base::Fingerprint Rows::fingerprint(int column) const {
    base::Fingerprint bytes{};
    const auto value = text(column);
    CHECK(value.size() == bytes.size(), "a column has 16 bytes");
    std::memcpy(bytes.data(), value.data(), bytes.size());
    return bytes;
}

base::Uuid Rows::uuid(int column) const {
    return base::Uuid(fingerprint(column));
}

std::optional<base::Uuid> Rows::optional_uuid(int column) const {
    if (is_null(column)) return std::nullopt;
    return uuid(column);
}

Connection::Connection(Target target, Purpose purpose)
    : target_(std::move(target)), purpose_(purpose) {}

Connection::~Connection() {
    close();
}

void Connection::close() noexcept {
    pending_.clear();
    // Does not wait: the socket is non-blocking.
    PQfinish(std::exchange(handle_, nullptr));
}

base::Deadline Connection::deadline() const {
    return deadline_.value_or(base::in(round_trip_max(purpose_)));
}

bool Connection::open() {
    if (failed()) return false;
    drop_if_ended();
    if (handle_ != nullptr) return true;
    const auto until = deadline();
    if (!connect(until) || !set_up()) {
        close();
        return false;
    }
    return true;
}

void Connection::drop_if_ended() {
    // The lead belongs to its session: who has it must be told that it is lost.
    if (handle_ == nullptr || !pending_.empty() || in_transaction() || purpose_ == Purpose::relay)
        return;
    pollfd socket{.fd = PQsocket(handle_), .events = POLLIN, .revents = 0};
    if (poll(&socket, 1, 0) <= 0) return;
    // The server's last words, then the end.
    if (PQconsumeInput(handle_) == 0 || PQconsumeInput(handle_) == 0) close();
}

bool Connection::connect(base::Deadline deadline) {
    const std::array<const char*, 4> names{"dbname", "application_name", "client_encoding"};
    const std::array values{target_.url.c_str(), target_.application.c_str(), "UTF8", names.back()};
    handle_ = PQconnectStartParams(names.data(), values.data(), 1);
    if (handle_ == nullptr) throw std::bad_alloc();
    PQsetNoticeReceiver(handle_, ignore_notice, nullptr);
    auto state = PGRES_POLLING_WRITING;
    if (PQstatus(handle_) == CONNECTION_BAD) state = PGRES_POLLING_FAILED;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) {
            const auto message = to_line(PQerrorMessage(handle_));
            fail({ports::ErrorKind::retryable,
                  fmt::format("postgres: {}{}", message, advice_on(message))});
            return false;
        }
        const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!wait(events, deadline)) return false;
        state = PQconnectPoll(handle_);
    }
    if (++session_ > 1 && target_.reconnects) target_.reconnects->add();
    return true;
}

bool Connection::set_up() {
    if (PQsetnonblocking(handle_, 1) != 0) {
        fail_lost("connect");
        return false;
    }
    execute(session_settings(purpose_));
    if (purpose_ != Purpose::migrate) require_schema(*this, purpose_);
    // Somebody may set it right while this process goes on.
    if (error_ && purpose_ != Purpose::audit) error_->kind = ports::ErrorKind::retryable;
    return !failed();
}

bool Connection::wait(short events, base::Deadline deadline) {
    pollfd socket{.fd = PQsocket(handle_), .events = events, .revents = 0};
    for (;;) {
        const int ready = poll(&socket, 1, milliseconds_until(deadline));
        if (ready > 0) return true;
        if (ready < 0 && errno == EINTR) continue;
        fail({ports::ErrorKind::retryable, "postgres: the server did not answer in time"});
        close();
        return false;
    }
}

bool Connection::wait_for_result() {
    const auto until = deadline();
    bool waited = false;
    for (;;) {
        const int unsent = PQflush(handle_);
        if (unsent < 0) return false;
        if (PQisBusy(handle_) == 0) return true;
        if (!std::exchange(waited, true)) ++counts_.round_trips;
        if (!wait(static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), until)) return false;
        if (PQconsumeInput(handle_) == 0) return false;
    }
}

Rows Connection::take_result(std::string_view doing) {
    if (!wait_for_result()) {
        fail_lost(doing);
        return {};
    }
    return Rows(PQgetResult(handle_));
}

void Connection::execute(const std::string& sql) {
    if (failed() || (handle_ == nullptr && !open())) return;
    CHECK(pending_.empty(), "nothing else is under way");
    const bool in_pipeline = PQpipelineStatus(handle_) != PQ_PIPELINE_OFF;
    if ((in_pipeline && PQexitPipelineMode(handle_) == 0) ||
        PQsendQuery(handle_, sql.c_str()) == 0) {
        fail_lost(start_of(sql));
        return;
    }
    // An error ends what follows in the SQL, so there is at most one.
    std::optional<Rows> refused;
    for (;;) {
        Rows result = take_result(start_of(sql));
        if (handle_ == nullptr) break;
        if (result.result_ == nullptr) break;
        const auto status = PQresultStatus(result.result_.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) refused = std::move(result);
    }
    if (refused) fail_with(*refused, start_of(sql));
}

std::string Connection::name_statement() {
    return fmt::format("s{}", ++named_);
}

void Connection::send(Statement& statement, const Parameters& parameters) {
    if (failed() || !open()) return;
    if (PQpipelineStatus(handle_) == PQ_PIPELINE_OFF && PQenterPipelineMode(handle_) == 0)
        return fail_lost(start_of(statement.sql_));
    if (statement.prepared_in_ != session_) {
        const auto oids = parameters.oids();
        if (PQsendPrepare(handle_, statement.name_.c_str(), statement.sql_.c_str(),
                          static_cast<int>(oids.size()), oids.data()) == 0)
            return fail_lost(start_of(statement.sql_));
        pending_.push_back({Sent::prepare, &statement});
        // Until its result tells otherwise.
        statement.prepared_in_ = session_;
    }
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const auto& value : parameters.values()) {
        values.push_back(value ? value->data() : nullptr);
        lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    }
    const std::vector<int> formats(values.size(), kBinary);
    if (PQsendQueryPrepared(handle_, statement.name_.c_str(), static_cast<int>(values.size()),
                            values.data(), lengths.data(), formats.data(), kBinary) == 0)
        return fail_lost(start_of(statement.sql_));
    pending_.push_back({Sent::statement, &statement});
    ++counts_.statements;
}

void Connection::end_pipeline() {
    if (failed() || handle_ == nullptr) return;
    if (PQpipelineSync(handle_) == 0) return fail_lost("sync");
    pending_.push_back({Sent::end, nullptr});
}

Rows Connection::receive() {
    Rows rows;
    for (bool received = false; !failed() && !pending_.empty();) {
        const auto [sent, statement] = pending_.front();
        // What ends the pipeline comes with the last rows.
        if (received && sent != Sent::end) break;
        pending_.pop_front();
        const auto doing = sent == Sent::end ? std::string_view("sync") : start_of(statement->sql_);
        Rows result = take_result(doing);
        if (handle_ == nullptr) return {};
        const auto status = PQresultStatus(result.result_.get());
        if (sent == Sent::end) {
            if (status != PGRES_PIPELINE_SYNC) fail_lost(doing);
            continue;
        }
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            statement->prepared_in_ = sent == Sent::prepare ? 0 : statement->prepared_in_;
            fail_with(result, doing);
            return {};
        }
        // Each statement's results end with an empty one.
        if (take_result(doing).result_ != nullptr) fail_lost(doing);
        if (sent == Sent::statement) {
            received = true;
            rows = std::move(result);
        }
    }
    if (failed()) return {};
    return rows;
}

void Connection::receive_all() {
    while (!failed() && !pending_.empty())
        (void)receive();
}

/// After an error: what is still to come is of no interest.
void Connection::drain() {
    if (handle_ == nullptr || PQpipelineStatus(handle_) == PQ_PIPELINE_OFF) return;
    if (pending_.empty() || pending_.back().sent != Sent::end) {
        if (PQpipelineSync(handle_) == 0) return close();
        pending_.push_back({Sent::end, nullptr});
    }
    bool was_end = false;
    while (!pending_.empty()) {
        const Rows result = take_result("drain");
        if (handle_ == nullptr) return;
        // After each statement's result, also a skipped one's.
        const bool is_end = result.result_ == nullptr;
        if (is_end && was_end) return close();
        was_end = is_end;
        if (is_end) continue;
        const auto status = PQresultStatus(result.result_.get());
        const auto [sent, statement] = pending_.front();
        if ((status == PGRES_PIPELINE_SYNC) != (sent == Sent::end)) return close();
        if (sent == Sent::prepare && status != PGRES_COMMAND_OK) statement->prepared_in_ = 0;
        pending_.pop_front();
    }
}

bool Connection::in_transaction() const {
    return handle_ != nullptr && PQtransactionStatus(handle_) != PQTRANS_IDLE;
}

void Connection::roll_back() noexcept {
    if (handle_ == nullptr) return;
    // The pipeline's state tells of the transaction only at its end.
    const auto kept = std::exchange(error_, std::nullopt);
    set_deadline(std::nullopt);
    if (!pending_.empty()) drain();
    if (in_transaction()) execute("ROLLBACK");
    if (failed()) close();
    error_ = kept;
}

void Connection::fail(ports::Error error) {
    if (!error_) error_ = std::move(error);
}

void Connection::fail_corrupt(std::string_view what) {
    fail({ports::ErrorKind::permanent,
          fmt::format("postgres: {} holds what was never written", what)});
}

ports::Error Connection::take_error() {
    CHECK(error_.has_value(), "an error is there to be taken");
    return *std::exchange(error_, std::nullopt);
}

void Connection::fail_with(const Rows& result, std::string_view doing) {
    const auto* state = PQresultErrorField(result.result_.get(), PG_DIAG_SQLSTATE);
    const auto* message = PQresultErrorField(result.result_.get(), PG_DIAG_MESSAGE_PRIMARY);
    const std::string_view sqlstate = state != nullptr ? state : "";
    if (sqlstate.empty() || message == nullptr) return fail_lost(doing);
    const std::string_view advice = sqlstate == "53100" ? ": make room on PostgreSQL's disk" : "";
    fail({kind_of(sqlstate),
          fmt::format("postgres: {} ({}) in {}{}", to_line(message), sqlstate, doing, advice)});
    drain();
    if (handle_ != nullptr && (PQstatus(handle_) == CONNECTION_BAD || is_stale_session(sqlstate)))
        close();
}

void Connection::fail_lost(std::string_view doing) {
    const auto reason = handle_ != nullptr ? to_line(PQerrorMessage(handle_)) : std::string();
    fail(
        {ports::ErrorKind::retryable, fmt::format("postgres: connection lost: {} in {}",
                                                  reason.empty() ? "out of step" : reason, doing)});
    close();
}

Statement::Statement(Connection& connection, std::string sql)
    : connection_(connection), sql_(std::move(sql)), name_(connection.name_statement()) {}

}  // namespace stockroom::store_postgres
