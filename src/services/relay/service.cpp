#include "stockroom/relay/service.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::relay {

RelayService::RelayService(ports::EventBus& bus, std::unique_ptr<ports::RelayLog> log,
                           telemetry::Metrics& metrics, OnFailure on_failure, RelayOptions options)
    : bus_(bus),
      log_(std::move(log)),
      metrics_(metrics),
      on_failure_(std::move(on_failure)),
      options_(std::move(options)) {}

RelayService::~RelayService() {
    stop();
}

void RelayService::start() {
    CHECK(!thread_.joinable() && log_, "a relay is started once");
    {
        const base::lock_guard lock(mutex_);
        failure_.clear();
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void RelayService::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

std::string RelayService::trouble() const {
    const base::lock_guard lock(mutex_);
    if (!failure_.empty()) return failure_;
    return relay_ == nullptr ? "" : relay_->trouble();
}

void RelayService::work(const std::stop_token& stop) {
    try {
        run_relay(stop);
    } catch (const std::exception& error) {
        fail(error.what());
    } catch (...) {
        fail("an exception without a name");
    }
}

void RelayService::run_relay(const std::stop_token& stop) {
    const auto log = std::move(log_);  // with it ends the lead, as this thread ends
    const auto publisher = bus_.make_event_publisher();
    Relay relay(options_, *publisher, *log, metrics_);
    const auto show = [this](const Relay* running) {
        const base::lock_guard lock(mutex_);
        relay_ = running;
    };
    struct Hide {
        const decltype(show)& show_it;
        ~Hide() { show_it(nullptr); }
    } const hide{show};
    show(&relay);

    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested())
        stopped.wait_for(lock, stop, relay.step(), [] { return false; });
    relay.finish();
}

void RelayService::fail(const std::string& reason) {
    telemetry::log(telemetry::LogLevel::error, "the relay has ended by a bug",
                   {{"reason", reason}});
    {
        const base::lock_guard lock(mutex_);
        failure_ = reason;
    }
    if (on_failure_) on_failure_("relay: " + reason);
}

}  // namespace stockroom::relay
