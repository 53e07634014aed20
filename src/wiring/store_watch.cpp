#include "store_watch.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::wiring {

namespace {

using telemetry::LogLevel;

/// A store that has not answered for so long is in trouble, whatever it says in the end.
constexpr std::chrono::seconds kPatience{3};

/// One failure is ordinary (a connection that was lost and is made again); two in a row are told.
constexpr int kFailuresTold = 2;

}  // namespace

StoreWatch::StoreWatch(Ask ask, std::chrono::milliseconds interval)
    : ask_(std::move(ask)), interval_(interval) {}

void StoreWatch::start() {
    CHECK(!thread_.joinable(), "a watch is started once");
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

std::string StoreWatch::trouble() const {
    const base::lock_guard lock(mutex_);
    if (!trouble_.empty()) return trouble_;
    const bool is_late = asked_at_ && std::chrono::steady_clock::now() - *asked_at_ > kPatience;
    return is_late ? "does not answer" : "";
}

void StoreWatch::work(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        ask();
        stopped.wait_for(lock, stop, interval_, [] { return false; });
    }
}

void StoreWatch::ask() {
    {
        const base::lock_guard lock(mutex_);
        asked_at_ = std::chrono::steady_clock::now();
    }
    std::string trouble;
    try {
        const auto answered = ask_();
        if (!answered) trouble = answered.error().detail;
    } catch (const std::exception& failure) {
        trouble = failure.what();
    }
    report(trouble);
    const base::lock_guard lock(mutex_);
    asked_at_.reset();
    trouble_ = std::move(trouble);
}

void StoreWatch::report(const std::string& trouble) {
    if (trouble.empty()) {
        if (std::exchange(failures_, 0) == kFailuresTold)
            telemetry::log(LogLevel::info, "the store is back");
    } else if (failures_ < kFailuresTold && ++failures_ == kFailuresTold) {
        telemetry::log(LogLevel::warning, "the store cannot be used, trying again and again",
                       {{"detail", trouble}});
    }
}

}  // namespace stockroom::wiring
