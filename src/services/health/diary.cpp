#include "diary.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/telemetry/log.hpp"

#include "news.hpp"

namespace stockroom::health {

using domain::PartChange;
using domain::PartState;
using telemetry::LogLevel;

namespace {

constexpr std::string_view kActor = "system:health";
constexpr std::size_t kChangesAtOnce = 100;
constexpr std::chrono::seconds kStoreWait{5};

ports::EventRecord record_of(const PartChange& change) {
    const domain::Event event{.type = domain::EventType::health_changed,
                              .state = change,
                              .command = {},
                              .actor = std::string(kActor),
                              .at = change.at};
    return {.type = std::string(contract::to_string(event.type)),
            .key = contract::event_key(event),
            .version = contract::event_version(event),
            .command = std::nullopt,
            .actor = std::string(kActor),
            .at = change.at,
            .data = contract::encode_event_data(event)};
}

bool has_part(const std::deque<PartChange>& changes, const std::string& part) {
    return std::ranges::find(changes, part, &PartChange::part) != changes.end();
}

/// Whether nobody has written between the two.
bool is_same(const std::map<std::string, PartChange>& some,
             const std::map<std::string, PartChange>& others) {
    return std::ranges::equal(some, others, [](const auto& one, const auto& other) {
        return one.first == other.first && one.second.version == other.second.version &&
               one.second.state == other.second.state && one.second.at == other.second.at;
    });
}

}  // namespace

Diary::Diary(DiaryStore by, telemetry::Metrics& metrics, Options options)
    : by_(std::move(by)),
      options_(options),
      leads_gauge_(metrics.gauge("stockroom_health_leader",
                                 "1 in the health service that writes incidents down")),
      waiting_(metrics.gauge("stockroom_health_unwritten_changes",
                             "Changes of a part's state that are not written down yet")),
      written_(metrics.counter("stockroom_health_changes_total",
                               "Changes of a part's state that were written down")) {}

Diary::~Diary() {
    stop();
}

void Diary::put(PartChange change) {
    const base::lock_guard lock(mutex_);
    if (stands_by_) {
        seen_.insert_or_assign(change.part, std::move(change));
        return;
    }
    changes_.push_back(std::move(change));
    if (changes_.size() > options_.changes_max) {
        drop_first();
        ++dropped_;
    }
    waiting_.set(static_cast<double>(changes_.size()));
    changed_.notify_all();
}

void Diary::start(std::set<std::string> parts,
                  std::function<void(const std::string& part)> on_trouble) {
    CHECK(!thread_.joinable(), "a diary is started once");
    parts_ = std::move(parts);
    on_trouble_ = std::move(on_trouble);
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Diary::request_stop() {
    thread_.request_stop();
    const base::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
}

void Diary::stop() {
    if (!thread_.joinable()) return;
    request_stop();
    thread_.join();
}

void Diary::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        bool is_done = false;
        try {
            is_done = write_all(stop);
        } catch (const std::exception& failure) {
            knows_ = false;
            report(failure.what());
        }
        // Who has the lead keeps it by asking; who has not asks whether it is free now.
        const base::Deadline deadline = base::in(options_.pause);
        const base::lock_guard lock(mutex_);
        while (!stops_ && (!is_done || changes_.empty())) {
            if (!changed_.wait_until(mutex_, deadline)) break;
        }
    }
}

bool Diary::write_all(const std::stop_token& stop) {
    const auto fail = [this](const ports::Error& error) {
        report(error.detail);
        return false;
    };
    if (const auto told = tell_trouble(); !told) return fail(told.error());
    const auto leads = take_lead();
    if (!leads) return fail(leads.error());
    if (!*leads) return false;
    while (!stop.stop_requested()) {
        if (!knows_) {
            if (const auto read = read_store(); !read) return fail(read.error());
        }
        batch_ = next_batch();
        if (batch_.changes.empty()) break;
        const auto written = write(batch_);
        if (written) {
            const base::lock_guard lock(mutex_);
            settle();
            continue;
        }
        if (written.error().kind == ports::ErrorKind::permanent) {
            refuse(written.error().detail);
            continue;
        }
        knows_ = false;
        // Somebody else writes, too: who has the lead?
        if (written.error().kind == ports::ErrorKind::conflict) return false;
        return fail(written.error());
    }
    report("");
    return true;
}

auto Diary::tell_trouble() -> Result {
    if (!on_trouble_) return {};
    const auto stored = by_.queries->parts();
    if (!stored) return std::unexpected(stored.error());
    for (const PartChange& part : *stored)
        if (part.state != PartState::up) on_trouble_(part.part);
    on_trouble_ = nullptr;
    return {};
}

std::expected<bool, ports::Error> Diary::take_lead() {
    auto leads = by_.lead ? by_.lead->take() : std::expected<bool, ports::Error>(true);
    const bool has_it = leads && *leads;
    if (has_it != leads_) {
        leads_ = has_it;
        leads_gauge_.set(has_it ? 1 : 0);
        if (has_it && by_.lead) telemetry::log(LogLevel::info, "writes incidents down from now on");
    }
    if (!has_it) knows_ = false;
    const base::lock_guard lock(mutex_);
    stands_by_ = leads && !*leads;
    if (stands_by_) {
        take_in(changes_.size());
        batch_ = {};
        was_read_ = false;
    }
    return leads;
}

auto Diary::read_store() -> Result {
    auto read = by_.queries->parts();
    if (!read) return std::unexpected(std::move(read.error()));
    Parts stored;
    for (PartChange& part : *read)
        stored.emplace(part.part, std::move(part));

    const base::lock_guard lock(mutex_);
    if (!batch_.changes.empty() && is_same(stored, batch_.after)) {
        settle();
    } else if (was_read_ && !is_same(stored, stored_)) {
        // Somebody else has had the lead meanwhile, and has written what has happened.
        take_in(changes_.size());
    }
    batch_ = {};
    stored_ = std::move(stored);
    knows_ = was_read_ = true;
    catch_up();
    return {};
}

void Diary::catch_up() {
    std::vector<PartChange> missing;
    for (const auto& [name, part] : stored_) {
        if (part.state == PartState::up || parts_.contains(name)) continue;
        PartChange end = part;
        end.state = PartState::up;
        end.incident.reset();
        missing.push_back(std::move(end));
    }
    for (const auto& [name, part] : seen_) {
        const auto found = stored_.find(name);
        const auto written = found == stored_.end() ? PartState::up : found->second.state;
        if (part.state != written) missing.push_back(part);
    }
    std::ranges::sort(missing, {}, &PartChange::at);
    const base::Time now = base::Time::now();
    for (PartChange& change : missing) {
        // What waits says later how the part is.
        if (has_part(changes_, change.part)) continue;
        change.at = now;
        // What is written goes on; where that is over, one of its own begins.
        if (change.state == PartState::up)
            change.incident.reset();
        else if (change.incident)
            change.incident->id = base::Uuid::make_v7(now);
        changes_.push_back(std::move(change));
    }
    waiting_.set(static_cast<double>(changes_.size()));
}

auto Diary::next_batch() -> Batch {
    const base::lock_guard lock(mutex_);
    const auto count = std::min(changes_.size(), singly_ > 0 ? std::size_t{1} : kChangesAtOnce);
    const auto end = changes_.begin() + static_cast<std::ptrdiff_t>(count);
    return {.changes = {changes_.begin(), end}, .dropped = dropped_};
}

auto Diary::write(Batch& batch) -> Result {
    batch.after = stored_;
    std::vector<PartChange> news;
    std::vector<ports::EventRecord> events;
    for (const PartChange& change : batch.changes) {
        auto fresh = take_news(batch.after, change);
        if (!fresh) continue;
        events.push_back(record_of(*fresh));
        news.push_back(*std::move(fresh));
    }
    if (news.empty()) return {};
    auto begun = by_.store->begin({}, {}, base::in(kStoreWait));
    if (!begun) return std::unexpected(std::move(begun.error()));
    auto written = (*begun)->commit(
        {.movements = {}, .outcomes = {}, .events = events, .dead = {}, .parts = news});
    if (written) written_.add(static_cast<double>(news.size()));
    return written;
}

void Diary::refuse(const std::string& why) {
    const Batch batch = std::exchange(batch_, {});
    const base::lock_guard lock(mutex_);
    if (batch.changes.size() > 1) {
        singly_ = left_of(batch);
        return;
    }
    const PartChange& guilty = batch.changes.front();
    telemetry::log(
        LogLevel::error, "a change of a part's state cannot be written down, and is lost",
        {{"part", guilty.part}, {"state", contract::to_string(guilty.state)}, {"detail", why}});
    if (left_of(batch) > 0) drop_first();
    waiting_.set(static_cast<double>(changes_.size()));
}

std::size_t Diary::left_of(const Batch& batch) const {
    const auto dropped = std::min<std::uint64_t>(dropped_ - batch.dropped, batch.changes.size());
    return batch.changes.size() - dropped;
}

void Diary::settle() {
    take_in(left_of(batch_));
    stored_ = std::move(batch_.after);
    batch_ = {};
}

void Diary::take_in(std::size_t count) {
    for (; count > 0; --count) {
        seen_.insert_or_assign(changes_.front().part, changes_.front());
        drop_first();
    }
    waiting_.set(static_cast<double>(changes_.size()));
}

void Diary::drop_first() {
    changes_.pop_front();
    if (singly_ > 0) --singly_;
}

void Diary::report(const std::string& trouble) {
    if (trouble.empty() == trouble_.empty()) return;
    trouble_ = trouble;
    if (trouble.empty())
        telemetry::log(LogLevel::info, "incidents are written down again");
    else
        telemetry::log(LogLevel::warning, "incidents are kept until the store can be reached",
                       {{"detail", trouble}});
}

}  // namespace stockroom::health
