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
    changes_.push_back(std::move(change));
    if (changes_.size() > options_.changes_max) {
        changes_.pop_front();
        ++dropped_;
    }
    waiting_.set(static_cast<double>(changes_.size()));
    changed_.notify_all();
}

void Diary::start(std::set<std::string> parts) {
    CHECK(!thread_.joinable(), "a diary is started once");
    parts_ = std::move(parts);
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Diary::stop() {
    if (!thread_.joinable()) return;
    {
        const base::lock_guard lock(mutex_);
        stops_ = true;
        changed_.notify_all();
    }
    thread_.request_stop();
    thread_.join();
}

void Diary::work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        bool is_done = false;
        try {
            is_done = write_all();
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

bool Diary::write_all() {
    const auto leads = take_lead();
    if (!leads) {
        report(leads.error().detail);
        return false;
    }
    if (!*leads) return false;
    while (true) {
        if (!knows_) {
            if (const auto read = read_store(); !read) {
                report(read.error().detail);
                return false;
            }
        }
        std::uint64_t dropped = 0;
        std::vector<PartChange> changes;
        {
            const base::lock_guard lock(mutex_);
            dropped = dropped_;
            const auto count = std::min(changes_.size(), kChangesAtOnce);
            changes.assign(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(count));
        }
        if (changes.empty()) break;
        if (const auto written = write(news_of(changes)); !written) {
            // Whatever became of it: the store tells, and then only what is missing is written.
            knows_ = false;
            if (written.error().kind == ports::ErrorKind::conflict) continue;
            report(written.error().detail);
            if (written.error().kind != ports::ErrorKind::permanent) return false;
        }
        drop_first(changes.size(), dropped);
    }
    report("");
    return true;
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
    return leads;
}

auto Diary::read_store() -> Result {
    auto stored = by_.queries->parts();
    if (!stored) return std::unexpected(std::move(stored.error()));
    stored_.clear();
    for (PartChange& part : *stored)
        stored_.emplace(part.part, std::move(part));
    knows_ = true;

    std::vector<PartChange> gone;
    for (const auto& [name, part] : stored_) {
        if (part.state == PartState::up || parts_.contains(name)) continue;
        PartChange end = part;
        end.state = PartState::up;
        end.at = std::max(base::Time::now(), part.at.plus(std::chrono::microseconds(1)));
        end.incident.reset();
        gone.push_back(std::move(end));
    }
    auto written = write(news_of(gone));
    if (!written) knows_ = false;
    return written;
}

std::vector<PartChange> Diary::news_of(const std::vector<PartChange>& changes) {
    std::vector<PartChange> news;
    for (const PartChange& change : changes)
        if (auto fresh = take_news(stored_, change)) news.push_back(*std::move(fresh));
    return news;
}

auto Diary::write(std::vector<PartChange> changes) -> Result {
    if (changes.empty()) return {};
    std::vector<ports::EventRecord> events;
    for (const PartChange& change : changes)
        events.push_back(record_of(change));
    auto begun = by_.store->begin({}, {}, base::in(kStoreWait));
    if (!begun) return std::unexpected(std::move(begun.error()));
    auto written = (*begun)->commit(
        {.movements = {}, .outcomes = {}, .events = events, .dead = {}, .parts = changes});
    if (written) written_.add(static_cast<double>(changes.size()));
    return written;
}

void Diary::drop_first(std::size_t count, std::uint64_t dropped_before) {
    const base::lock_guard lock(mutex_);
    // Some of them may have been dropped meanwhile, for others to fit in.
    const auto already = std::min<std::uint64_t>(dropped_ - dropped_before, count);
    for (auto left = count - already; left > 0; --left)
        changes_.pop_front();
    waiting_.set(static_cast<double>(changes_.size()));
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
