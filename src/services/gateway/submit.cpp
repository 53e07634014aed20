#include "submit.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/contract/names.hpp"
#include "stockroom/telemetry/log.hpp"

#include "answer.hpp"
#include "problems.hpp"

namespace stockroom::gateway {

namespace asio = boost::asio;
using ports::Published;

namespace {

/// For asking the store what became of a command, after the wait for it.
constexpr std::chrono::seconds kLookUpTime{1};

asio::awaitable<http::Response> at_once(http::Response response) {
    co_return response;
}

bool answers_at_once(const Preference& preference) {
    return preference.respond_async && !preference.wait;
}

std::chrono::seconds outcome_wait(const Preference& preference, std::chrono::seconds by_default) {
    if (answers_at_once(preference)) return std::chrono::seconds(0);
    return preference.wait.value_or(by_default);
}

/// What the store knows of a command.
struct End {
    std::optional<ports::StoredOutcome> outcome;
    bool dead = false;
};

struct FindEnd {
    base::Uuid command;

    std::expected<End, ports::Error> operator()(ports::Queries& queries) const {
        auto outcome = queries.outcome(command);
        if (!outcome) return std::unexpected(std::move(outcome.error()));
        if (*outcome) return End{.outcome = std::move(*outcome), .dead = false};
        const auto letter = queries.dead_letter(command, 0);
        if (!letter) return std::unexpected(letter.error());
        return End{.outcome = std::nullopt, .dead = *letter && is_dead(**letter)};
    }
};

/// Empty when the outcome cannot be read.
std::optional<http::Response> answer_from_store(const Wish& wish,
                                                const ports::StoredOutcome& stored,
                                                const Submitter::OnOutcome& on_outcome) {
    const domain::CommandKind kind = wish.command.kind();
    if (wish.keyed) {
        // The engine would have refused another body under this id; a lost reply must not hide
        // that.
        const auto sent = contract::decode_message(contract::encode_command(wish.command));
        if (!sent.front() || sent.front()->fingerprint != stored.fingerprint) {
            domain::Outcome reused;
            reused.code = domain::CommandRefusal::idempotency_key_reused;
            return answer_to(kind, wish.command.id, reused);
        }
    }
    const auto read = contract::decode_outcome(stored.bytes);
    if (read) {
        on_outcome(*read);
        return answer_to(kind, wish.command.id, read->outcome);
    }
    telemetry::log(telemetry::LogLevel::error, "a stored outcome cannot be read",
                   {{"command_id", wish.command.id.to_string()}, {"reason", read.error()}});
    return std::nullopt;
}

}  // namespace

/// A request that waits for a flight; linked into the flight's list while it lives.
struct Submitter::Waiter {
    Waiter(asio::io_context& context, Flight& waited_for);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    Flight& flight;
    asio::steady_timer timer;  // cancelled when there is news
    Waiter* next = nullptr;
};

/// A command between its publishing and the last thing that the bus has to say of it.
struct Submitter::Flight {
    Flight(domain::CommandKind of_kind, const base::Fingerprint& of_body)
        : kind(of_kind), body(of_body) {}

    domain::CommandKind kind;
    base::Fingerprint body;
    std::optional<Published> published;
    std::optional<domain::Outcome> outcome;
    Waiter* first = nullptr;

    void wake() const {
        for (Waiter* waiter = first; waiter != nullptr; waiter = waiter->next)
            waiter->timer.cancel();
    }
    /// Waiting longer changes nothing.
    [[nodiscard]] bool is_settled() const {
        return outcome || (published && *published != Published::durable);
    }
    [[nodiscard]] bool is_durable() const { return outcome || published == Published::durable; }
};

Submitter::Waiter::Waiter(asio::io_context& context, Flight& waited_for)
    : flight(waited_for), timer(context), next(waited_for.first) {
    flight.first = this;
}

Submitter::Waiter::~Waiter() {
    Waiter** link = &flight.first;
    while (*link != this)
        link = &(*link)->next;
    *link = next;
}

Submitter::Submitter(asio::io_context& context, ports::Bus& bus, QueryPool& queries,
                     Options options, OnOutcome on_outcome, telemetry::Metrics& metrics)
    : context_(context),
      queries_(queries),
      options_(options),
      on_outcome_(std::move(on_outcome)),
      in_flight_(metrics.gauge("stockroom_commands_in_flight",
                               "Commands published whose end is not known yet.")),
      accepted_(metrics.counter("stockroom_commands_accepted_total",
                                "Writes answered 202: durable, the outcome not waited for.")),
      unknown_(metrics.counter("stockroom_commands_unknown_total",
                               "Writes answered 503 with an unknown outcome.")),
      seconds_(metrics.histogram("stockroom_command_round_trip_seconds",
                                 "From publishing a command to its answer.",
                                 telemetry::duration_buckets())),
      inbox_(
          std::make_shared<Inbox>(context, [this](const Inbox::Batch& batch) { deliver(batch); })),
      publisher_(bus.make_publisher([inbox = inbox_](std::vector<std::string> replies) {
          inbox->add(std::move(replies));
      })) {}

Submitter::~Submitter() {
    close();
}

void Submitter::close() {
    inbox_->close();
    flights_.clear();
}

bool Submitter::is_in_flight(const base::Uuid& command) const {
    if (undecided_.contains(command)) return true;
    const auto found = flights_.find(command);
    return found != flights_.end() && !found->second->is_settled();
}

void Submitter::hurry(base::Deadline deadline) {
    hurry_until_ = deadline;
    for (const auto& [command, flight] : flights_)
        flight->wake();
}

void Submitter::deliver(const Inbox::Batch& batch) {
    for (const std::string& reply : batch.replies)
        note_reply(reply);
    for (const auto& [command, published] : batch.published)
        note_published(command, published);
    in_flight_.set(static_cast<double>(flights_.size()));
}

void Submitter::note_reply(std::string_view bytes) {
    for (auto& read : contract::decode_outcomes(bytes)) {
        if (read)
            note_outcome(*std::move(read));
        else
            telemetry::log(telemetry::LogLevel::error, "a reply cannot be read",
                           {{"reason", read.error()}});
    }
}

void Submitter::note_outcome(contract::ReadOutcome read) {
    on_outcome_(read);
    undecided_.remove(read.id);
    const auto found = flights_.find(read.id);
    if (found == flights_.end() || found->second->outcome) return;
    found->second->outcome = std::move(read.outcome);
    found->second->wake();
}

void Submitter::note_published(const base::Uuid& command, Published published) {
    const auto found = flights_.find(command);
    if (found == flights_.end()) return;
    const FlightPtr flight = found->second;
    flight->published = published;
    if (published == Published::durable && !flight->outcome) undecided_.add(command);
    flight->wake();
    forget_if_over(command);
}

void Submitter::forget_if_over(const base::Uuid& command) {
    const auto found = flights_.find(command);
    if (found == flights_.end()) return;
    if (found->second->published && found->second->first == nullptr) flights_.erase(found);
}

Submitter::FlightPtr Submitter::launch(const Wish& wish, const base::Fingerprint& body) {
    const domain::CommandKind kind = wish.command.kind();
    auto flight = std::make_shared<Flight>(kind, body);
    flights_.emplace(wish.command.id, flight);
    publisher_->publish(
        contract::queue_of(kind), wish.command.id, contract::encode_command(wish.command), true,
        [inbox = inbox_, id = wish.command.id](Published published) { inbox->add(id, published); });
    return flight;
}

asio::awaitable<http::Response> Submitter::submit(domain::CommandKind kind,
                                                  const http::Request& request) {
    auto wish = read_wish(kind, request);
    return wish ? submit(*std::move(wish)) : at_once(http::to_response(wish.error()));
}

asio::awaitable<http::Response> Submitter::submit(Wish wish) {
    const domain::CommandKind kind = wish.command.kind();
    const base::Uuid id = wish.command.id;
    const Preference preference = wish.preference;
    const auto start = std::chrono::steady_clock::now();

    base::Fingerprint body{};
    if (wish.keyed) body = base::fingerprint_of(contract::encode_body(wish.command.body));
    const auto found = flights_.find(id);
    FlightPtr flight;
    if (found != flights_.end()) {
        flight = found->second;
        if (flight->kind != kind || flight->body != body)
            co_return http::to_response(idempotency_key_reused());
    } else {
        if (flights_.size() >= options_.in_flight_max) co_return http::to_response(no_room());
        flight = launch(wish, body);
    }

    auto waiting = wait(flight, preference);
    co_await std::move(waiting);
    forget_if_over(id);

    auto concluding = conclude(std::move(wish), std::move(flight));
    http::Response response = co_await std::move(concluding);
    response.command_id = id.to_string();
    if (response.status == 202 && preference.respond_async)
        response.headers.emplace_back("Preference-Applied", "respond-async");
    else if (preference.wait)
        response.headers.emplace_back("Preference-Applied",
                                      "wait=" + std::to_string(preference.wait->count()));
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    seconds_.observe(spent.count());
    co_return response;
}

/// Until the flight is settled, or as long as the preference says; but for the bus to make the
/// command durable never shorter than the default wait, since only then it can be answered at all.
asio::awaitable<void> Submitter::wait(FlightPtr flight, Preference preference) {
    Waiter waiter(context_, *flight);
    const base::Deadline outcome_until = base::in(outcome_wait(preference, options_.wait));
    const base::Deadline durable_until = std::max(outcome_until, base::in(options_.wait));
    while (!flight->is_settled()) {
        const base::Deadline until =
            std::min(flight->is_durable() ? outcome_until : durable_until, hurry_until_);
        if (until <= std::chrono::steady_clock::now()) break;
        waiter.timer.expires_at(until);
        auto news = waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
        co_await std::move(news);
    }
}

asio::awaitable<http::Response> Submitter::conclude(Wish wish, FlightPtr flight) {
    const base::Uuid id = wish.command.id;
    if (answers_at_once(wish.preference) && flight->is_durable()) {
        accepted_.add();
        co_return accepted(id);
    }
    if (flight->outcome) co_return answer_to(flight->kind, id, *flight->outcome);
    switch (flight->published.value_or(Published::unknown)) {
        case Published::queue_full:
            co_return http::to_response(no_room());
        case Published::unavailable:
            co_return http::to_response(bus_unavailable());
        case Published::dead:
            co_return http::to_response(dead_letter(id));
        case Published::durable:
        case Published::unknown:
            break;
    }
    auto looking = look_up(std::move(wish), flight->is_durable());
    co_return co_await std::move(looking);
}

/// The wait is over without a reply, which may have been lost: the store knows better.
asio::awaitable<http::Response> Submitter::look_up(Wish wish, bool durable) {
    const base::Uuid id = wish.command.id;
    const base::Deadline deadline = base::in(kLookUpTime);
    auto asking = queries_.run(FindEnd{id}, deadline);
    const auto end = co_await std::move(asking);
    if (end && *end && (*end)->outcome) {
        if (auto response = answer_from_store(wish, *(*end)->outcome, on_outcome_))
            co_return *response;
    }
    if (end && *end && (*end)->dead) co_return http::to_response(dead_letter(id));
    if (durable) {
        accepted_.add();
        co_return accepted(id);
    }
    unknown_.add();
    co_return http::to_response(outcome_unknown(id));
}

}  // namespace stockroom::gateway
