#include "stockroom/gateway/gateway.hpp"

#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/telemetry/log.hpp"

#include "classic.hpp"
#include "event_stream.hpp"
#include "event_tail.hpp"
#include "health_answers.hpp"
#include "hearing.hpp"
#include "query_pool.hpp"
#include "questions.hpp"
#include "read_cache.hpp"
#include "reads.hpp"
#include "routes.hpp"
#include "submit.hpp"

namespace stockroom::gateway {

namespace asio = boost::asio;

namespace {

/// How long commands may still wait for their outcomes, and then all answers be written, once the
/// gateway stops; together less than runtime::kStopTime.
constexpr std::chrono::seconds kLastWait{3};
constexpr std::chrono::seconds kStopTime{7};

}  // namespace

// Members that others stand on come first, so that they are destroyed last.
struct Gateway::Parts {
    Parts(ports::Bus& given_bus, OpenQueries open, Options given, telemetry::Metrics& given_metrics)
        : bus(given_bus),
          open_queries(std::move(open)),
          options(std::move(given)),
          metrics(given_metrics),
          pool(context, options.readers, options.reads_queued_max, metrics),
          cache(options.events == nullptr
                    ? nullptr
                    : std::make_shared<ReadCache>(ReadCache::Options{}, metrics)),
          reads(pool, options.read_time, cache),
          tail(std::make_shared<EventTail>(
              context, pool, EventTail::Options{.listeners_max = options.event_listeners_max},
              metrics)),
          events(pool, tail, options.read_time),
          health(context, options.health),
          generator(context, options.generator),
          submitter(
              context, bus, pool,
              {.wait = options.wait, .in_flight_max = options.commands_in_flight_max},
              [this](const contract::ReadOutcome& outcome) { note_outcome(outcome); }, metrics),
          classic(make_classic()),
          server(context,
                 make_routes({.submitter = submitter,
                              .reads = reads,
                              .events = events,
                              .health = health,
                              .generator = generator,
                              .classic = classic ? &classic->routes : nullptr,
                              .metrics = metrics,
                              .trouble = [this] { return trouble(); },
                              .before_metrics = [this] { show(); }}),
                 options.limits, metrics),
          hearing(std::make_shared<Hearing>(
              context, [this](const std::vector<Heard>& heard) { hear(heard); })) {}

    /// The classic interface, when it is on.
    struct ClassicParts {
        ClassicParts(asio::io_context& on, ports::ClassicBus& bus_of_questions, Submitter& writes,
                     const Options& given)
            : questions(on, bus_of_questions, given.wait),
              routes(writes, questions, given.classic_from) {}
        Questions questions;
        Classic routes;
    };
    [[nodiscard]] std::unique_ptr<ClassicParts> make_classic();

    [[nodiscard]] std::string trouble() const {
        std::string of_all = bus.trouble();
        if (!of_all.empty()) of_all.insert(0, "bus: ");
        const std::string others = options.trouble ? options.trouble() : std::string();
        if (!of_all.empty() && !others.empty()) of_all += "; ";
        return of_all + others;
    }

    /// Before any client is told of it, so that each reads its own writes.
    void note_outcome(const contract::ReadOutcome& read) const {
        if (cache) cache->forget(keys_of(read));
        tail->nudge();
    }
    void hear(const std::vector<Heard>& heard) const {
        cache->hear(heard, std::chrono::steady_clock::now());
        tail->nudge();
    }
    void show() const {
        if (cache) cache->show(std::chrono::steady_clock::now());
    }
    void run();

    ports::Bus& bus;
    OpenQueries open_queries;
    Options options;
    telemetry::Metrics& metrics;

    asio::io_context context{1};
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{
        context.get_executor()};
    QueryPool pool;
    std::shared_ptr<ReadCache> cache;  // null: nothing is heard of
    Reads reads;
    std::shared_ptr<EventTail> tail;
    EventStream events;
    HealthAnswers health;
    GeneratorAnswers generator;
    Submitter submitter;
    std::unique_ptr<ClassicParts> classic;
    http::Server server;
    std::shared_ptr<Hearing> hearing;
    std::unique_ptr<ports::EventSubscription> subscription;

    base::mutex mutex;
    base::condition changed;
    bool ended STOCKROOM_GUARDED_BY(mutex) = false;
    std::thread thread;
};

auto Gateway::Parts::make_classic() -> std::unique_ptr<ClassicParts> {
    if (options.classic_bus == nullptr) return nullptr;
    return std::make_unique<ClassicParts>(context, *options.classic_bus, submitter, options);
}

void Gateway::Parts::run() {
    try {
        context.run();
    } catch (const std::exception& failure) {
        // What a coroutine did not handle itself is a bug; going on could answer wrongly.
        telemetry::log(telemetry::LogLevel::error, "the gateway failed",
                       {{"reason", failure.what()}});
        telemetry::flush_log();
        std::abort();
    }
    const base::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
}

Gateway::Gateway(ports::Bus& bus, OpenQueries open_queries, Options options,
                 telemetry::Metrics& metrics)
    : parts_(std::make_unique<Parts>(bus, std::move(open_queries), std::move(options), metrics)) {}

// A stop that throws ends the process, which is all that is left to do.
Gateway::~Gateway() {  // NOLINT(bugprone-exception-escape)
    stop();
}

std::expected<http::Address, std::string> Gateway::start() {
    if (auto opened = parts_->pool.start(parts_->open_queries); !opened)
        return std::unexpected(std::move(opened.error().detail));
    auto address = parts_->server.start(parts_->options.listen);
    if (!address) return address;
    if (parts_->options.events != nullptr)
        parts_->subscription = parts_->options.events->subscribe(*parts_->hearing);
    parts_->thread = std::thread([parts = parts_.get()] { parts->run(); });
    return address;
}

void Gateway::stop() {
    if (parts_->thread.joinable()) {
        const base::Deadline deadline = base::in(kStopTime);
        asio::post(parts_->context, [parts = parts_.get()] {
            parts->server.stop();
            parts->submitter.hurry(base::in(kLastWait));
            if (parts->classic) parts->classic->questions.hurry(base::in(kLastWait));
            parts->work.reset();
        });
        parts_->subscription.reset();
        {
            const base::lock_guard lock(parts_->mutex);
            while (!parts_->ended) {
                if (parts_->changed.wait_until(parts_->mutex, deadline)) continue;
                telemetry::log(telemetry::LogLevel::warning,
                               "the gateway stops with requests unanswered");
                parts_->context.stop();
                break;
            }
        }
        parts_->thread.join();
    }
    parts_->submitter.close();
    parts_->hearing->close();
    parts_->pool.stop();
}

}  // namespace stockroom::gateway
