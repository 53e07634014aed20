#include "board.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/base/text.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/telemetry/log.hpp"

#include "signs.hpp"

namespace stockroom::health {

using contract::to_string;
using domain::PartState;

namespace {

constexpr std::array kStates{PartState::up, PartState::degraded, PartState::down,
                             PartState::unknown};

constexpr std::size_t kCauseBytesMax = 1'000;

/// How bad it is, for the worst of all.
int badness(PartState state) {
    switch (state) {
        case PartState::up:
            return 0;
        case PartState::unknown:
            return 1;
        case PartState::degraded:
            return 2;
        case PartState::down:
            return 3;
    }
    return 0;
}

/// A text that can be stored and shown, whoever has made it.
std::string clean(std::string cause) {
    if (!base::is_utf8(cause)) return "in trouble";
    std::ranges::replace_if(
        cause, [](char character) { return static_cast<unsigned char>(character) < ' '; }, ' ');
    if (cause.size() > kCauseBytesMax) {
        cause.resize(kCauseBytesMax);
        while (!base::is_utf8(cause))
            cause.pop_back();
    }
    return cause;
}

bool is_trouble(PartState state) {
    return state == PartState::degraded || state == PartState::down;
}

std::string tell(const domain::PartChange& change) {
    std::string text = fmt::format("{} is {}", change.part, to_string(change.state));
    if (!change.cause.empty()) text += ": " + change.cause;
    if (change.incident && change.incident->ended_at) {
        const auto span =
            change.incident->ended_at->microseconds() - change.incident->started_at.microseconds();
        text += fmt::format(" again, after {:.1f} s", static_cast<double>(span) / 1e6);
    }
    return text;
}

void log(const domain::PartChange& change) {
    const auto level =
        is_trouble(change.state) ? telemetry::LogLevel::warning : telemetry::LogLevel::info;
    const std::string id = change.incident ? change.incident->id.to_string() : "";
    telemetry::log(level, tell(change),
                   {{"part", change.part},
                    {"state", to_string(change.state)},
                    {"was", to_string(change.was)},
                    {"incident", id}});
}

}  // namespace

void Board::add(const std::string& name, domain::PartKind kind) {
    const base::lock_guard lock(mutex_);
    auto [part, is_new] = parts_.try_emplace(name);
    CHECK(is_new, "a part has a name of its own");
    part->second.kind = kind;
    for (const PartState state : kStates)
        part->second.gauges.push_back(metrics_.gauge(
            "stockroom_health_part_state", "1 for the state that the part is in",
            {{"part", name}, {"kind", to_string(kind)}, {"state", to_string(state)}}));
    show(part->second);
}

void Board::show(const Part& part) {
    for (std::size_t i = 0; i < kStates.size(); ++i) {
        auto gauge = part.gauges[i];
        gauge.set(part.judge.state() == kStates[i] ? 1 : 0);
    }
}

void Board::expect_trouble(const std::string& name) {
    const base::lock_guard lock(mutex_);
    if (const auto part = parts_.find(name); part != parts_.end())
        part->second.judge.expect_trouble();
}

bool Board::note(const std::string& name, const Finding& found, base::Time at) {
    const Finding finding{.state = found.state, .cause = clean(found.cause)};
    const base::lock_guard lock(mutex_);
    Part& part = parts_.at(name);
    part.checked_at = at;
    const auto verdict = part.judge.note(finding, at);
    // What is wrong may change while the state does not.
    if (part.judge.state() == finding.state) part.cause = finding.cause;
    if (verdict) decide(name, part, *verdict, at);
    return part.judge.is_in_doubt();
}

void Board::decide(const std::string& name, Part& part, const Judge::Verdict& verdict,
                   base::Time at) {
    const PartState state = verdict.finding.state;
    part.since = verdict.since;
    if (is_trouble(state) && !part.incident)
        part.incident = domain::Incident{.id = base::Uuid::make_v7(verdict.since),
                                         .part = name,
                                         .kind = part.kind,
                                         .state = state,
                                         .cause = verdict.finding.cause,
                                         .started_at = verdict.since,
                                         .reported_at = at,
                                         .ended_at = std::nullopt};
    if (part.incident && state == PartState::down) part.incident->state = PartState::down;
    if (part.incident && state == PartState::up) part.incident->ended_at = verdict.since;
    domain::PartChange change{.part = name,
                              .kind = part.kind,
                              .state = state,
                              .was = verdict.was,
                              .cause = verdict.finding.cause,
                              .at = at,
                              .version = 1,
                              .incident = part.incident};
    if (state == PartState::up) part.incident.reset();
    show(part);
    log(change);
    on_change_(std::move(change));
}

void Board::show_figures(const std::string& queue, std::optional<QueueFigures> figures,
                         base::Deadline at) {
    const base::lock_guard lock(mutex_);
    const auto found = parts_.find(queue);
    if (found == parts_.end()) return;
    Part& part = found->second;
    if (figures && part.figures && shows_work(*part.figures, *figures)) part.worked_at = at;
    part.figures = figures;
}

void Board::show_round_trip(const std::string& queue, std::chrono::microseconds round_trip) {
    const base::lock_guard lock(mutex_);
    if (const auto part = parts_.find(queue); part != parts_.end())
        part->second.round_trip = round_trip;
}

std::optional<QueueFigures> Board::figures(const std::string& queue) const {
    const base::lock_guard lock(mutex_);
    const auto part = parts_.find(queue);
    return part == parts_.end() ? std::nullopt : part->second.figures;
}

bool Board::was_worked_off(const std::string& queue, base::Deadline since) const {
    const base::lock_guard lock(mutex_);
    const auto part = parts_.find(queue);
    return part != parts_.end() && part->second.worked_at && *part->second.worked_at >= since;
}

bool Board::is_surely_up(const std::string& name) const {
    const base::lock_guard lock(mutex_);
    const auto part = parts_.find(name);
    return part == parts_.end() || !part->second.judge.is_in_doubt();
}

std::string Board::to_json(base::Time now) const {
    const base::lock_guard lock(mutex_);
    PartState worst = PartState::up;
    for (const auto& [name, part] : parts_)
        worst = std::max(worst, part.judge.state(),
                         [](PartState a, PartState b) { return badness(a) < badness(b); });
    std::string text;
    contract::JsonWriter json(text);
    json.begin_object();
    json.field("state", to_string(worst));
    json.field("at", now.to_string());
    json.name("parts");
    json.begin_array();
    for (const auto& [name, part] : parts_) {
        json.begin_object();
        json.field("name", name);
        json.field("kind", to_string(part.kind));
        json.field("state", to_string(part.judge.state()));
        if (part.since) json.field("since", part.since->to_string());
        if (part.checked_at) json.field("checked_at", part.checked_at->to_string());
        if (!part.cause.empty()) json.field("cause", part.cause);
        if (part.round_trip) json.field("round_trip_us", std::int64_t{part.round_trip->count()});
        if (part.figures) {
            json.name("queue");
            json.begin_object();
            json.field("consumers", part.figures->consumers);
            json.field("ready", part.figures->ready);
            json.field("unacked", part.figures->unacked);
            json.field("in_per_minute", part.figures->in_per_minute);
            json.field("out_per_minute", part.figures->out_per_minute);
            json.end_object();
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return text;
}

}  // namespace stockroom::health
