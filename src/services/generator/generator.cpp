#include "stockroom/generator/generator.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "stockroom/base/check.hpp"
#include "stockroom/base/mutex.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/http_client/connection.hpp"
#include "stockroom/telemetry/log.hpp"

#include "catalogue.hpp"
#include "draw.hpp"
#include "pace.hpp"

namespace stockroom::generator {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using telemetry::LogLevel;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// Until an order that is not answered is given up.
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kCatalogueTime{30};
constexpr std::chrono::seconds kCatalogueAge{60};
/// Between two reads of the catalogue when the first one failed, or an order named what is gone.
constexpr std::chrono::seconds kCatalogueRest{1};
constexpr std::chrono::seconds kMetricsTime{2};

void rethrow(const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

struct Generator::Parts {
    Parts(Options given, telemetry::Metrics& metrics)
        : options(given),
          pace(given.every),
          draw(given.seed, given.placed),
          made_total(count(metrics, "made")),
          refused_total(count(metrics, "refused")),
          failed_total(count(metrics, "failed")),
          skipped_total(metrics.counter("stockroom_generator_skipped_total",
                                        "Orders that were due and not made")),
          running_gauge(metrics.gauge("stockroom_generator_running", "1 while it makes orders")),
          is_running(given.started) {
        running_gauge.set(is_running ? 1 : 0);
    }

    using Connection = std::unique_ptr<http_client::Connection>;
    using Told = std::expected<http_client::Answer, http_client::NoAnswer>;

    [[nodiscard]] static telemetry::Counter count(telemetry::Metrics& metrics,
                                                  std::string_view result) {
        return metrics.counter("stockroom_generator_orders_total", "Orders that were answered",
                               {{"result", result}});
    }

    void work();
    /// Whether it did not run so before.
    bool set_running(bool wanted);
    [[nodiscard]] bool runs() const {
        const base::lock_guard lock(mutex);
        return is_running;
    }

    // On the thread.
    asio::awaitable<void> keep_pace();
    void follow(bool wanted);
    void make_due(Pace::Time now);
    [[nodiscard]] Connection take_connection();
    asio::awaitable<void> place(Connection connection, std::string body);
    void note(const Told& told);
    void note_trouble(const std::string& why);
    void refresh_when_due(Pace::Time now);
    asio::awaitable<void> refresh();
    [[nodiscard]] Pace::Time next_step() const;
    asio::awaitable<std::expected<std::string, std::string>> ask_metrics();

    const Options options;
    std::optional<http_client::ServerUrl> gateway;
    const std::string run = base::Uuid::make_v7(base::Time::now()).to_string();

    // The thread's own.
    bool follows = false;  // is_running, as far as the thread has heard
    Pace pace;
    Draw draw;
    std::int64_t drawn = 0;
    bool is_refreshing = false;
    Pace::Time refreshed;  // when the catalogue was asked for last
    std::chrono::seconds refresh_age{0};

    telemetry::Counter made_total;
    telemetry::Counter refused_total;
    telemetry::Counter failed_total;
    telemetry::Counter skipped_total;
    telemetry::Gauge running_gauge;

    mutable base::mutex mutex;
    bool is_running STOCKROOM_GUARDED_BY(mutex);
    std::string trouble STOCKROOM_GUARDED_BY(mutex);
    std::int64_t made STOCKROOM_GUARDED_BY(mutex) = 0;
    std::int64_t refused STOCKROOM_GUARDED_BY(mutex) = 0;
    std::int64_t failed STOCKROOM_GUARDED_BY(mutex) = 0;
    std::int64_t skipped STOCKROOM_GUARDED_BY(mutex) = 0;
    std::size_t in_flight STOCKROOM_GUARDED_BY(mutex) = 0;
    std::size_t items STOCKROOM_GUARDED_BY(mutex) = 0;
    Rate rate STOCKROOM_GUARDED_BY(mutex);

    asio::io_context context{1};
    asio::steady_timer timer{context};
    std::vector<Connection> idle;
    std::jthread thread;
};

void Generator::Parts::work() {
    try {
        asio::co_spawn(context, keep_pace(), rethrow);
        context.run();
    } catch (const std::exception& failure) {
        telemetry::log(LogLevel::error, "the order generator failed", {{"reason", failure.what()}});
        telemetry::flush_log();
        std::abort();
    }
}

bool Generator::Parts::set_running(bool wanted) {
    const base::lock_guard lock(mutex);
    if (is_running == wanted) return false;
    is_running = wanted;
    running_gauge.set(wanted ? 1 : 0);
    telemetry::log(LogLevel::info, wanted ? "orders are generated" : "no more orders are generated",
                   {{"every_ms", static_cast<std::int64_t>(options.every.count())}});
    // Under the lock, so that the thread hears of each in its order.
    asio::post(context, [this, wanted] { follow(wanted); });
    return true;
}

void Generator::Parts::follow(bool wanted) {
    follows = wanted;
    if (follows) {
        pace.start(Clock::now());
    } else {
        note_trouble("");
    }
    timer.cancel();
}

asio::awaitable<void> Generator::Parts::keep_pace() {
    for (;;) {
        const auto now = Clock::now();
        if (follows) {
            refresh_when_due(now);
            if (draw.items() > 0) make_due(now);
        }
        timer.expires_at(next_step());
        (void)co_await timer.async_wait(kAwait);
    }
}

Pace::Time Generator::Parts::next_step() const {
    if (!follows) return Pace::Time::max();
    auto step = is_refreshing ? Pace::Time::max() : refreshed + refresh_age;
    const base::lock_guard lock(mutex);
    if (draw.items() > 0 && in_flight < options.in_flight_max) step = std::min(step, pace.next());
    return step;
}

void Generator::Parts::make_due(Pace::Time now) {
    int due = 0;
    {
        const base::lock_guard lock(mutex);
        const std::int64_t left_out = pace.skip(now);
        skipped += left_out;
        skipped_total.add(static_cast<double>(left_out));
        for (; pace.is_due(now) && in_flight < options.in_flight_max; pace.take()) {
            ++in_flight;
            ++due;
        }
    }
    for (; due > 0; --due)
        asio::co_spawn(context, place(take_connection(), draw.next()), rethrow);
}

Generator::Parts::Connection Generator::Parts::take_connection() {
    if (idle.empty()) return std::make_unique<http_client::Connection>(context, *gateway);
    auto connection = std::move(idle.back());
    idle.pop_back();
    return connection;
}

asio::awaitable<void> Generator::Parts::place(Connection connection, std::string body) {
    http_client::Request request{"POST", "/v1/orders", std::move(body),
                                 fmt::format("generator-{}-{}", run, ++drawn)};
    const auto told = co_await http_client::ask_until_answered(*connection, std::move(request),
                                                               base::in(kPatience));
    note(told);
    idle.push_back(std::move(connection));
    const base::lock_guard lock(mutex);
    const bool was_full = in_flight-- == options.in_flight_max;
    if (was_full) timer.cancel();
}

void Generator::Parts::note(const Told& told) {
    const bool is_answered = told && !http_client::is_passing(told->status);
    note_trouble(is_answered ? "" : told ? told->explain() : told.error().detail);
    // What it names may be there no longer.
    if (is_answered && told->status == 422) refresh_age = kCatalogueRest;
    const base::lock_guard lock(mutex);
    if (!is_answered) {
        ++failed;
        failed_total.add();
    } else if (told->is_done()) {
        ++made;
        made_total.add();
        rate.add(Clock::now());
    } else {
        ++refused;
        refused_total.add();
    }
}

void Generator::Parts::note_trouble(const std::string& why) {
    const base::lock_guard lock(mutex);
    if (!follows && !why.empty()) return;
    if (!why.empty() && trouble.empty())
        telemetry::log(LogLevel::warning, "orders are not answered: the generator goes on trying",
                       {{"reason", why}});
    trouble = why;
}

void Generator::Parts::refresh_when_due(Pace::Time now) {
    if (is_refreshing || now < refreshed + refresh_age) return;
    is_refreshing = true;
    refreshed = now;
    asio::co_spawn(context, refresh(), rethrow);
}

asio::awaitable<void> Generator::Parts::refresh() {
    http_client::Connection connection(context, *gateway);
    auto skus = co_await read_skus(connection, base::in(kCatalogueTime));
    is_refreshing = false;
    refresh_age = skus && !skus->empty() ? kCatalogueAge : kCatalogueRest;
    note_trouble(skus ? "" : skus.error());
    if (skus) {
        if (draw.items() == 0) pace.start(Clock::now());
        draw.set_catalogue(std::move(*skus));
        const base::lock_guard lock(mutex);
        items = draw.items();
    }
    timer.cancel();
}

asio::awaitable<std::expected<std::string, std::string>> Generator::Parts::ask_metrics() {
    http_client::Connection connection(context, *gateway);
    http_client::Request request{"GET", "/v1/statistics/orders", {}, {}};
    const auto answer = co_await connection.ask(std::move(request), base::in(kMetricsTime));
    if (!answer) co_return std::unexpected(answer.error().detail);
    const auto* processed = answer->json.find("processed");
    const auto* average = answer->json.find("average_execution_price");
    if (answer->status != 200 || processed == nullptr || average == nullptr)
        co_return std::unexpected("GET /v1/statistics/orders: " + answer->explain());
    std::string text = R"({"total_orders_processed":)";
    contract::append_json(text, *processed);
    text += R"(,"average_execution_price":)";
    contract::append_json(text, *average);
    co_return text + "}";
}

Generator::Generator(Options options, telemetry::Metrics& metrics)
    : parts_(std::make_unique<Parts>(options, metrics)) {}

Generator::~Generator() {
    shut_down();
}

void Generator::launch(http_client::ServerUrl gateway) {
    CHECK(!parts_->gateway, "a generator is launched once");
    parts_->gateway = std::move(gateway);
    if (parts_->runs()) parts_->follow(true);
    parts_->thread = std::jthread([parts = parts_.get()] { parts->work(); });
}

void Generator::shut_down() {
    if (!parts_->thread.joinable()) return;
    parts_->context.stop();
    parts_->thread.join();
}

bool Generator::start() {
    return parts_->set_running(true);
}

bool Generator::stop() {
    return parts_->set_running(false);
}

std::string Generator::trouble() const {
    const base::lock_guard lock(parts_->mutex);
    return parts_->trouble;
}

std::string Generator::to_json() const {
    const Parts& parts = *parts_;
    const base::lock_guard lock(parts.mutex);
    std::string detail = parts.trouble;
    if (detail.empty() && parts.is_running && parts.items == 0)
        detail = "there are no items to order";
    std::string text;
    contract::JsonWriter json(text);
    json.begin_object();
    json.field("state", parts.is_running ? "running" : "stopped");
    if (!detail.empty()) json.field("detail", detail);
    json.field("every_ms", static_cast<std::int64_t>(parts.options.every.count()));
    json.field("rate", parts.rate.text(Clock::now()));
    json.field("made", parts.made);
    json.field("refused", parts.refused);
    json.field("failed", parts.failed);
    json.field("skipped", parts.skipped);
    json.field("in_flight", static_cast<std::int64_t>(parts.in_flight));
    json.field("items", static_cast<std::int64_t>(parts.items));
    json.end_object();
    return text;
}

boost::asio::awaitable<std::expected<std::string, std::string>> Generator::ask_metrics() {
    auto asking = parts_->ask_metrics();
    auto asked = asio::co_spawn(parts_->context, std::move(asking), asio::use_awaitable);
    co_return co_await std::move(asked);
}

}  // namespace stockroom::generator
