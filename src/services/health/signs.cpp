#include "signs.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace stockroom::health {

using domain::PartState;
using ports::Published;

namespace {

/// Of all health services together, in a queue or acked between two looks at it.
constexpr std::int64_t kPingsMax = 20;

double seconds(std::chrono::microseconds span) {
    return std::chrono::duration<double>(span).count();
}

bool was_taken(const Pinged& pinged) {
    return pinged.published == Published::durable || pinged.published == Published::queue_full ||
           pinged.published == Published::dead;
}

}  // namespace

Finding judge_queue(const QueueSigns& signs) {
    const Pinged& pinged = signs.pinged;
    const Finding cannot_be_asked{PartState::unknown, "the broker takes no message for it"};
    if (pinged.published == Published::queue_full)
        return {PartState::degraded, "it is full: further commands are refused"};
    const bool was_refused = pinged.published && *pinged.published != Published::durable;
    const bool was_not_taken = signs.has_broker && pinged.was_sent && !pinged.published;
    if (was_refused || was_not_taken) return cannot_be_asked;
    if (pinged.late)
        return {PartState::degraded,
                fmt::format("a ping through it took {:.1f} s", seconds(*pinged.late))};
    if (!pinged.was_sent && !signs.figures && !signs.is_broker_up) return cannot_be_asked;
    if (signs.figures && signs.figures->consumers == 0)
        return {PartState::down, "nobody consumes it"};
    if (!signs.is_store_up) return {PartState::degraded, "whoever consumes it waits for the store"};
    const std::string waiting = signs.figures
                                    ? fmt::format("; {} messages wait in it", signs.figures->ready)
                                    : std::string();
    if (signs.is_worked_off)
        return {PartState::degraded, "it is worked off slower than a ping can wait" + waiting};
    return {PartState::down, "whoever consumes it does not answer a ping" + waiting};
}

Finding judge_figures(const std::optional<QueueFigures>& figures) {
    if (!figures) return {PartState::unknown, "the broker does not tell of it"};
    if (figures->consumers > 0) return {};
    if (figures->ready == 0) return {PartState::degraded, "nobody consumes it"};
    return {PartState::down,
            fmt::format("nobody consumes it; {} messages wait in it", figures->ready)};
}

Finding judge_broker(const BrokerSigns& signs) {
    const std::string& trouble =
        signs.report_trouble.empty() ? signs.link_trouble : signs.report_trouble;
    if (was_taken(signs.pinged))
        return trouble.empty() ? Finding{} : Finding{PartState::degraded, trouble};
    // It answers, and says why it takes none.
    if (signs.has_report && !signs.report_trouble.empty())
        return {PartState::degraded, signs.report_trouble};
    return {PartState::down,
            signs.link_trouble.empty() ? "it takes no messages" : signs.link_trouble};
}

bool shows_work(const QueueFigures& before, const QueueFigures& now) {
    const auto acked = now.acked - before.acked;
    const auto depth = now.ready + now.unacked;
    const bool moved = acked > 0 || depth < before.ready + before.unacked;
    return moved && std::max(acked, depth) > kPingsMax;
}

}  // namespace stockroom::health
