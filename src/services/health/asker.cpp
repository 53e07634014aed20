#include "asker.hpp"

#include <exception>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "stockroom/contract/json.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/http_client/connection.hpp"

#include "management.hpp"

namespace stockroom::health {

namespace asio = boost::asio;
using domain::PartState;
using ports::Published;

namespace {

/// What a /readyz that is not 200 says is wrong.
std::string reason_of(const http_client::Answer& answer) {
    const contract::JsonValue* detail = answer.json.find("detail");
    const auto* text = detail == nullptr ? nullptr : detail->as<std::string>();
    return text == nullptr ? fmt::format("/readyz answers {}", answer.status) : *text;
}

double seconds(std::chrono::microseconds span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

asio::awaitable<Finding> ReadyzAsker::ask(base::Deadline deadline) {
    http_client::Connection connection(context_, url_);
    http_client::Request request{.method = "GET",
                                 .target = "/readyz",
                                 .body = {},
                                 .idempotency_key = {},
                                 .authorization = {}};
    const auto answer = co_await connection.ask(std::move(request), deadline);
    if (!answer) co_return Finding{PartState::down, answer.error().detail};
    if (answer->status == 200) co_return Finding{};
    co_return Finding{PartState::degraded, reason_of(*answer)};
}

asio::awaitable<Finding> LocalAsker::ask(base::Deadline /*deadline*/) {
    std::string trouble = trouble_();
    if (trouble.empty()) co_return Finding{};
    co_return Finding{PartState::degraded, std::move(trouble)};
}

BlockingAsker::BlockingAsker(asio::io_context& context, Question question)
    : context_(context), question_(std::move(question)), thread_([this] { work(); }) {}

BlockingAsker::~BlockingAsker() {
    const base::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
}

void BlockingAsker::work() {
    while (true) {
        {
            const base::lock_guard lock(mutex_);
            while (!wanted_ && !stops_)
                changed_.wait(mutex_);
            if (stops_) return;
            wanted_ = false;
        }
        Finding finding;
        try {
            if (const auto answered = question_(); !answered)
                finding = {PartState::down, answered.error().detail};
        } catch (const std::exception& failure) {
            finding = {PartState::down, failure.what()};
        }
        asio::post(context_, [this, finding] { note(finding); });
    }
}

void BlockingAsker::note(const Finding& finding) {
    is_asked_ = false;
    answer_ = finding;
    if (waiter_ != nullptr) waiter_->cancel();
}

asio::awaitable<Finding> BlockingAsker::ask(base::Deadline deadline) {
    if (!is_asked_) {
        is_asked_ = true;
        answer_.reset();
        const base::lock_guard lock(mutex_);
        wanted_ = true;
        changed_.notify_all();
    }
    asio::steady_timer waiter(context_, deadline);
    waiter_ = &waiter;
    if (!answer_) (void)co_await waiter.async_wait(asio::as_tuple(asio::use_awaitable));
    waiter_ = nullptr;
    if (answer_) co_return *std::exchange(answer_, std::nullopt);
    co_return Finding{PartState::down, "does not answer"};
}

asio::awaitable<Finding> QueueAsker::ask(base::Deadline deadline) {
    if (options_.local_figures) board_.show_figures(queue_, options_.local_figures(queue_));
    const Pinged pinged = co_await pinger_.ping(queue_, true, deadline);
    if (pinged.round_trip) {
        board_.show_round_trip(queue_, *pinged.round_trip);
        co_return Finding{};
    }
    co_return judge(pinged);
}

Finding QueueAsker::judge(const Pinged& pinged) const {
    const bool has_broker = !options_.local_figures;
    if (pinged.published == Published::queue_full)
        return {PartState::degraded, "it is full: further commands are refused"};
    const bool was_refused = pinged.published && *pinged.published != Published::durable;
    const bool was_not_taken = has_broker && pinged.was_sent && !pinged.published;
    if (was_refused || was_not_taken)
        return {PartState::unknown, "the broker takes no message for it"};
    if (pinged.late)
        return {PartState::degraded,
                fmt::format("a ping through it took {:.1f} s", seconds(*pinged.late))};
    const auto figures = board_.figures(queue_);
    if (figures && figures->consumers == 0) return {PartState::down, "nobody consumes it"};
    if (!board_.is_surely_up("store"))
        return {PartState::degraded, "whoever consumes it waits for the store"};
    const std::string waiting =
        figures ? fmt::format("; {} messages wait in it", figures->ready) : std::string();
    return {PartState::down, "whoever consumes it does not answer a ping" + waiting};
}

asio::awaitable<Finding> BrokerAsker::ask(base::Deadline deadline) {
    using namespace asio::experimental::awaitable_operators;
    // A broker that stands still keeps its connections for a while: only a message shows it.
    auto ping = pinger_.ping(std::string(contract::kHealthQueue), false, deadline);
    auto question = ask_management(deadline);
    auto both = std::move(ping) && std::move(question);
    const auto [pinged, trouble] = co_await std::move(both);
    co_return judge(pinged, trouble);
}

Finding BrokerAsker::judge(const Pinged& pinged, const std::string& trouble) const {
    const std::string bus_trouble = bus_.trouble();
    const bool takes_messages = pinged.published == Published::durable ||
                                pinged.published == Published::queue_full || !pinged.was_sent;
    if (takes_messages && bus_trouble.empty())
        return trouble.empty() ? Finding{} : Finding{PartState::degraded, trouble};
    // The figures are of this answer: it is there, and says why it takes none.
    const bool is_there = board_.figures(std::string(contract::kHealthQueue)).has_value();
    if (is_there && !trouble.empty()) return {PartState::degraded, trouble};
    return {PartState::down, bus_trouble.empty() ? "it takes no messages" : bus_trouble};
}

asio::awaitable<std::string> BrokerAsker::ask_management(base::Deadline deadline) {
    if (!options_.management) co_return std::string();
    const BrokerReport report =
        co_await health::ask_management(context_, *options_.management, deadline);
    for (const std::string& queue : options_.queues) {
        const auto found = report.queues.find(queue);
        board_.show_figures(
            queue, found == report.queues.end() ? std::nullopt : std::optional(found->second));
    }
    co_return report.trouble;
}

}  // namespace stockroom::health
