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
#include "signs.hpp"

namespace stockroom::health {

namespace asio = boost::asio;
using domain::PartState;

namespace {

/// What a /readyz that is not 200 says is wrong.
std::string reason_of(const http_client::Answer& answer) {
    const contract::JsonValue* detail = answer.json.find("detail");
    const auto* text = detail == nullptr ? nullptr : detail->as<std::string>();
    return text == nullptr ? fmt::format("/readyz answers {}", answer.status) : *text;
}

/// RabbitMQ counts so often.
constexpr std::chrono::seconds kFiguresLate{5};

}  // namespace

asio::awaitable<Finding> ReadyzAsker::ask(base::Deadline deadline) {
    http_client::Connection connection(context_, url_, lookup_);
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
    if (options_.local_figures)
        board_.show_figures(queue_, options_.local_figures(queue_), base::Deadline::clock::now());
    const Pinged pinged = co_await pinger_.ping(queue_, true, deadline);
    if (pinged.round_trip) {
        board_.show_round_trip(queue_, *pinged.round_trip);
        co_return Finding{};
    }
    co_return judge(pinged);
}

asio::awaitable<Finding> FiguresAsker::ask(base::Deadline /*deadline*/) {
    if (options_.local_figures)
        board_.show_figures(queue_, options_.local_figures(queue_), base::Deadline::clock::now());
    co_return judge_figures(board_.figures(queue_));
}

Finding QueueAsker::judge(const Pinged& pinged) const {
    const auto since = base::Deadline::clock::now() - options_.interval - kFiguresLate;
    return judge_queue({.pinged = pinged,
                        .has_broker = !options_.local_figures,
                        .is_broker_up = board_.is_surely_up("broker"),
                        .is_store_up = board_.is_surely_up("store"),
                        .is_worked_off = board_.was_worked_off(queue_, since),
                        .figures = board_.figures(queue_)});
}

BrokerAsker::BrokerAsker(asio::io_context& context, const ports::Bus& bus, Pinger& pinger,
                         Board& board, const Options& options)
    : bus_(bus), pinger_(pinger), board_(board), options_(options) {
    if (options.management) management_.emplace(context, *options.management);
}

asio::awaitable<Finding> BrokerAsker::ask(base::Deadline deadline) {
    using namespace asio::experimental::awaitable_operators;
    // A broker that stands still keeps its connections for a while: only a message shows it.
    auto ping = pinger_.ping(std::string(contract::kHealthQueue), false, deadline);
    auto question = ask_management(deadline);
    auto both = std::move(ping) && std::move(question);
    const auto [pinged, trouble] = co_await std::move(both);
    const bool has_report = board_.figures(std::string(contract::kHealthQueue)).has_value();
    co_return judge_broker({.pinged = pinged,
                            .link_trouble = bus_.trouble(),
                            .report_trouble = trouble,
                            .has_report = has_report});
}

asio::awaitable<std::string> BrokerAsker::ask_management(base::Deadline deadline) {
    if (!management_) co_return std::string();
    const BrokerReport report = co_await management_->ask(deadline);
    for (const auto* queues : {&options_.queues, &options_.counted})
        for (const std::string& queue : *queues) {
            const auto found = report.queues.find(queue);
            board_.show_figures(
                queue, found == report.queues.end() ? std::nullopt : std::optional(found->second),
                base::Deadline::clock::now());
        }
    co_return report.trouble;
}

}  // namespace stockroom::health
