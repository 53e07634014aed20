#include "stockroom/engine/worker.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::engine {

Worker::Worker(EngineOptions options, ports::Bus& bus, std::unique_ptr<ports::Store> store,
               telemetry::Metrics& metrics, OnFailure on_failure)
    : options_(std::move(options)),
      bus_(bus),
      store_(std::move(store)),
      metrics_(metrics),
      on_failure_(std::move(on_failure)) {}

Worker::~Worker() {
    stop();
}

void Worker::start() {
    CHECK(!thread_.joinable(), "a worker is started once");
    {
        const base::lock_guard lock(mutex_);
        failure_.clear();
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void Worker::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

std::string Worker::trouble() const {
    const base::lock_guard lock(mutex_);
    if (!failure_.empty()) return failure_;
    return engine_ == nullptr ? store_trouble_ : engine_->trouble();
}

void Worker::work(const std::stop_token& stop) {
    try {
        run_engine(stop);
    } catch (const std::exception& error) {
        fail(error.what());
    } catch (...) {
        fail("an exception without a name");
    }
}

bool Worker::wait_for_store(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    for (auto backoff = options_.backoff_min; !stop.stop_requested();
         backoff = std::min(2 * backoff, options_.backoff_max)) {
        const auto begun = store_->begin({}, {}, base::in(options_.store_wait));
        std::string trouble = begun ? "" : begun.error().detail;
        {
            const base::lock_guard guard(mutex_);
            if (!trouble.empty() && trouble != store_trouble_)
                telemetry::log(telemetry::LogLevel::warning, "waiting for the store",
                               {{"worker", options_.service}, {"detail", trouble}});
            store_trouble_ = std::move(trouble);
        }
        if (begun) return true;
        stopped.wait_for(lock, stop, backoff, [] { return false; });
    }
    return false;
}

void Worker::run_engine(const std::stop_token& stop) {
    // It connects, and gets nothing before the first take.
    const auto consumer = bus_.make_consumer(options_.queue);
    if (!wait_for_store(stop)) return;
    Engine engine(options_, *consumer, *store_, metrics_);
    const auto show = [this](const Engine* running) {
        const base::lock_guard lock(mutex_);
        engine_ = running;
    };
    struct Hide {
        const decltype(show)& show_it;
        ~Hide() { show_it(nullptr); }
    } const hide{show};
    show(&engine);
    engine.run(stop);
}

void Worker::fail(const std::string& reason) {
    telemetry::log(telemetry::LogLevel::error, "a service has ended by a bug",
                   {{"worker", options_.service}, {"reason", reason}});
    {
        const base::lock_guard lock(mutex_);
        failure_ = reason;
    }
    if (on_failure_) on_failure_(options_.service + ": " + reason);
}

}  // namespace stockroom::engine
