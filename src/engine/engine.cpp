#include "stockroom/engine/engine.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/domain/decide.hpp"
#include "stockroom/telemetry/log.hpp"

#include "batch.hpp"
#include "instruments.hpp"
#include "task.hpp"

namespace stockroom::engine {

namespace {

using telemetry::LogLevel;

/// Who expires what is due when no command asks for it.
constexpr std::string_view kExpiryActor = "system:expiry";

/// How long one take waits; only how often an idle engine looks around.
constexpr std::chrono::seconds kTakeWait{10};

/// What one commit takes in. What it sets down is several times as large, and others wait for it.
constexpr std::size_t kCommitBytesMax = 1024 * 1024;

/// So many conflicts in a row are no race with another writer: something is in the way for good.
constexpr int kConflictsMax = 20;

/// After so many loads in a row whose due holds others had expired by then, it waits as after an
/// error.
constexpr int kExpiryRoundsInVainMax = 10;

/// A log line shows so much of a command; the dead letter has all of it.
constexpr std::size_t kLoggedBytesMax = 2'000;

/// How many of the messages go into one commit: at least the first.
std::size_t count_for_commit(std::span<const ports::Delivery> messages) {
    std::size_t bytes = 0;
    const auto end = std::ranges::find_if(messages, [&bytes](const ports::Delivery& message) {
        const bool is_first = std::exchange(bytes, bytes + message.bytes.size()) == 0;
        return !is_first && bytes > kCommitBytesMax;
    });
    return static_cast<std::size_t>(end - messages.begin());
}

bool was_given_out(const ports::Delivery& delivery) {
    return delivery.earlier_deliveries > 0;
}

domain::Keys keys_of(std::span<const Task> tasks) {
    domain::Keys keys;
    for (const Task& task : tasks)
        if (task.read.command) domain::add_keys(*task.read.command, keys);
    domain::normalize(keys);
    return keys;
}

std::vector<base::Uuid> ids_of(std::span<const Task> tasks) {
    std::vector<base::Uuid> ids;
    ids.reserve(tasks.size());
    for (const Task& task : tasks)
        ids.push_back(task.read.id);
    return ids;
}

/// Those never given out before first, else in their order. Returns how many these are.
std::size_t put_fresh_first(std::vector<ports::Delivery>& taken) {
    std::vector<ports::Delivery> sorted;
    sorted.reserve(taken.size());
    std::size_t fresh = 0;
    for (const bool given_out : {false, true}) {
        for (auto& delivery : taken)
            if (was_given_out(delivery) == given_out) sorted.push_back(std::move(delivery));
        if (!given_out) fresh = sorted.size();
    }
    taken = std::move(sorted);
    return fresh;
}

domain::Decision refuse(const contract::Invalid& invalid) {
    domain::Decision decision;
    decision.outcome.code = domain::CommandRefusal::invalid;
    decision.outcome.field = invalid.field;
    decision.outcome.detail = invalid.detail;
    return decision;
}

}  // namespace

Engine::Engine(EngineOptions options, ports::Consumer& consumer, ports::Store& store,
               telemetry::Metrics& metrics)
    : options_(std::move(options)),
      consumer_(consumer),
      store_(store),
      instruments_(std::make_unique<Instruments>(metrics, options_.service)) {}

Engine::~Engine() = default;

void Engine::run(std::stop_token stop) {
    const std::stop_callback wake(stop, [this] { consumer_.interrupt(); });
    // A message that was given out before may be what ended this service then. Until none of them
    // comes any more they are taken one at a time, so that only the guilty one's count grows.
    std::size_t messages_max = 1;
    while (!stop.stop_requested()) {
        auto taken = consumer_.take(messages_max, base::in(kTakeWait));
        if (!taken) {
            if (!back_off(stop, taken.error())) return;
            continue;
        }
        recover();
        if (taken->empty()) continue;
        messages_max = std::ranges::any_of(*taken, was_given_out) ? 1 : options_.batch_max;
        if (!work_off(stop, *std::move(taken))) return;
    }
}

bool Engine::work_off(const std::stop_token& stop, std::vector<ports::Delivery> taken) {
    instruments_->in_flight.set(static_cast<double>(taken.size()));
    instruments_->oldest_taken_seconds.start(std::chrono::steady_clock::now());
    const auto fresh = put_fresh_first(taken);
    std::span<const ports::Delivery> rest(taken);
    const auto work_off_next = [&](std::size_t messages, std::size_t commands_max) {
        if (!work_off_part(stop, rest.first(messages), commands_max)) return false;
        rest = rest.subspan(messages);
        return true;
    };
    bool goes_on = true;
    for (std::size_t left = fresh; goes_on && left > 0;) {
        const auto messages = count_for_commit(rest.first(left));
        left -= messages;
        goes_on =
            work_off_next(messages, options_.batch_max) && (left == 0 || !stop.stop_requested());
    }
    // One command at a time, acked before the next is touched.
    while (goes_on && !rest.empty())
        goes_on = work_off_next(1, 1) && (rest.empty() || !stop.stop_requested());
    if (!goes_on) give_back(rest);
    instruments_->in_flight.set(0);
    instruments_->oldest_taken_seconds.stop();
    return goes_on;
}

bool Engine::work_off_part(const std::stop_token& stop, std::span<const ports::Delivery> messages,
                           std::size_t commands_max) {
    const Intake intake = read(messages, options_.queue);
    answer(intake.pings);
    for (const Reject& reject : intake.rejects)
        set_aside(*reject.delivery, reject.bytes, reject.reason);
    for (std::span<const Task> rest(intake.tasks); !rest.empty();) {
        const auto tasks = rest.first(std::min(rest.size(), commands_max));
        if (!settle(stop, tasks)) return false;
        rest = rest.subspan(tasks.size());
    }
    finish(messages);
    return true;
}

void Engine::answer(std::span<const Task> pings) {
    std::vector<ports::Reply> replies;
    for (const Task& ping : pings) {
        if (ping.delivery->reply_to.empty()) continue;
        domain::Outcome outcome;
        outcome.code = domain::PingOutcome::answered;
        if (!ping.read.command) outcome = refuse(ping.read.command.error()).outcome;
        replies.push_back({.reply_to = ping.delivery->reply_to,
                           .bytes = contract::encode_outcome(ping.read.id, ping.read.kind, outcome),
                           .correlation_id = ping.delivery->correlation_id});
    }
    if (!replies.empty()) consumer_.reply(std::move(replies));
}

bool Engine::settle(const std::stop_token& stop, std::span<const Task> tasks) {
    int conflicts = 0;
    while (true) {
        auto settled = decide_and_commit(stop, tasks);
        const bool is_conflict = !settled && settled.error().kind == ports::ErrorKind::conflict;
        conflicts = is_conflict ? conflicts + 1 : 0;
        if (!settled &&
            (settled.error().kind == ports::ErrorKind::permanent || conflicts == kConflictsMax)) {
            if (tasks.size() > 1) {
                // One of them is guilty: it will be known by failing alone.
                for (std::size_t i = 0; i < tasks.size(); ++i)
                    if (!settle(stop, tasks.subspan(i, 1))) return false;
                return true;
            }
            // When not even this can be set down, it is the store that is in trouble.
            settled = bury(tasks.front(), settled.error().detail);
        }
        if (settled) {
            recover();
            return true;
        }
        if (!back_off(stop, settled.error())) return false;
    }
}

auto Engine::decide_and_commit(const std::stop_token& stop, std::span<const Task> tasks) -> Result {
    auto loaded = load(stop, tasks);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    ports::Transaction& transaction = **loaded;
    domain::Snapshot& snapshot = transaction.snapshot();

    Batch batch(transaction.outcomes(), snapshot.now(), tasks.size());
    {
        const Timing timing(instruments_->decide_seconds);
        for (const Task& task : tasks) {
            if (batch.answer_again(task)) continue;
            if (!task.read.command) {
                batch.record(task, refuse(task.read.command.error()));
                continue;
            }
            domain::Decision decision;
            try {
                decision = options_.decide(snapshot, *task.read.command);
            } catch (const base::bug& bug) {
                batch.bury(task, bug.what());
                continue;
            }
            snapshot.apply(decision.changes);
            batch.record(task, decision);
        }
    }
    if (batch.has_news()) {
        const Timing timing(instruments_->commit_seconds);
        if (auto committed = transaction.commit(batch.commit()); !committed) return committed;
    }
    loaded->reset();
    tell(batch, tasks.size());
    return {};
}

void Engine::tell(Batch& batch, std::size_t commands) {
    consumer_.reply(batch.take_replies());
    for (const auto& [task, dead] : batch.buried())
        set_aside(*task->delivery, batch.dead()[dead].bytes, batch.dead()[dead].reason);

    for (const auto& [kind, outcome] : batch.decided())
        instruments_->count_command(kind, outcome);
    instruments_->repeated.add(static_cast<double>(batch.repeated()));
    instruments_->batch_size.observe(static_cast<double>(commands));
    telemetry::log(LogLevel::debug, "batch committed",
                   {{"worker", options_.service},
                    {"commands", static_cast<std::int64_t>(commands)},
                    {"decided", static_cast<std::int64_t>(batch.decided().size())},
                    {"dead", static_cast<std::int64_t>(batch.buried().size())}});
}

auto Engine::load(const std::stop_token& stop, std::span<const Task> tasks) -> Loaded {
    const Timing timing(instruments_->load_seconds);
    const auto ids = ids_of(tasks);
    const auto keys = keys_of(tasks);
    for (int in_vain = 0; in_vain < kExpiryRoundsInVainMax;) {
        auto begun = store_.begin(ids, keys, base::in(options_.store_wait));
        if (!begun || !(*begun)->snapshot().more_due()) return begun;
        auto expired = expire_loaded(**begun);
        if (!expired) return std::unexpected(std::move(expired.error()));
        in_vain = *expired ? 0 : in_vain + 1;
        // A store that was left alone for long has many rounds to go.
        if (stop.stop_requested())
            return std::unexpected(ports::Error{ports::ErrorKind::retryable, "stopping"});
    }
    return std::unexpected(
        ports::Error{ports::ErrorKind::retryable, "others expire what is due all the time"});
}

auto Engine::expire_loaded(ports::Transaction& transaction) -> std::expected<bool, ports::Error> {
    domain::Snapshot& snapshot = transaction.snapshot();
    const auto changes = domain::expire_due(snapshot, base::Uuid{});
    if (changes.empty()) return false;
    snapshot.apply(changes);
    Facts facts(snapshot.now());
    facts.add(changes, base::Uuid{}, std::string(kExpiryActor));
    auto events = facts.take_events();
    for (auto& event : events)
        event.command.reset();  // time has done it, no command
    auto committed = transaction.commit(
        {.movements = facts.movements(), .outcomes = {}, .events = events, .dead = {}});
    if (!committed) return std::unexpected(std::move(committed.error()));
    return true;
}

auto Engine::bury(const Task& task, const std::string& reason) -> Result {
    auto begun = store_.begin({}, {}, base::in(options_.store_wait));
    if (!begun) return std::unexpected(std::move(begun.error()));
    Batch batch((*begun)->outcomes(), (*begun)->snapshot().now(), 1);
    batch.bury(task, reason);
    if (auto committed = (*begun)->commit(batch.commit()); !committed) return committed;
    begun->reset();
    tell(batch, 1);
    return {};
}

void Engine::set_aside(const ports::Delivery& delivery, std::string_view bytes,
                       std::string_view reason) {
    telemetry::log(LogLevel::warning, "a command became a dead letter",
                   {{"worker", options_.service},
                    {"reason", reason},
                    {"command", bytes.substr(0, kLoggedBytesMax)}});
    instruments_->dead.add();
    // What cannot be set aside now is delivered again, and then is found dead again. A bus that has
    // just not taken one is not asked again for each of its neighbours: every attempt may wait.
    if (!not_set_aside_.empty() || !consumer_.dead_letter(delivery.tag, bytes, reason))
        not_set_aside_.insert(delivery.tag);
}

void Engine::finish(std::span<const ports::Delivery> messages) {
    std::vector<std::uint64_t> done;
    std::vector<std::uint64_t> again;
    for (const auto& message : messages)
        (not_set_aside_.contains(message.tag) ? again : done).push_back(message.tag);
    not_set_aside_.clear();
    const auto check = [this](const Result& result) {
        if (result) return;
        // Their outcomes are committed: when they are delivered again they are answered again.
        telemetry::log(LogLevel::warning, "messages could not be acked",
                       {{"worker", options_.service}, {"detail", result.error().detail}});
    };
    if (!done.empty()) check(consumer_.ack(done));
    if (!again.empty()) check(consumer_.give_back(again));
}

void Engine::give_back(std::span<const ports::Delivery> messages) {
    std::vector<std::uint64_t> tags;
    for (const auto& message : messages)
        tags.push_back(message.tag);
    // If this fails, they are given back when the consumer goes.
    (void)consumer_.give_back(tags);
}

bool Engine::back_off(const std::stop_token& stop, const ports::Error& error) {
    instruments_->count_retry(error.kind);
    // One failure is ordinary (a conflict, a lock that another holds); two in a row are trouble.
    if (++failures_ == 2) {
        telemetry::log(LogLevel::warning, "in trouble, trying again",
                       {{"worker", options_.service}, {"detail", error.detail}});
    }
    if (failures_ >= 2) {
        const base::lock_guard lock(mutex_);
        trouble_ = error.detail;
    }
    const auto doublings = std::min(failures_ - 1, 20U);
    const auto longest = std::min<std::chrono::microseconds>(
        options_.backoff_max, options_.backoff_min * (std::int64_t{1} << doublings));
    std::uniform_int_distribution<std::int64_t> jitter(longest.count() / 2, longest.count());
    const std::chrono::microseconds span(jitter(random_));

    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, span, [] { return false; });
    return !stop.stop_requested();
}

void Engine::recover() {
    if (std::exchange(failures_, 0) < 2) return;
    telemetry::log(LogLevel::info, "the trouble is over", {{"worker", options_.service}});
    const base::lock_guard lock(mutex_);
    trouble_.clear();
}

std::string Engine::trouble() const {
    const base::lock_guard lock(mutex_);
    return trouble_;
}

}  // namespace stockroom::engine
