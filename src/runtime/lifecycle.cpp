#include "stockroom/runtime/lifecycle.hpp"

#include <cstdlib>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::runtime {

namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/// Ends the process when what it guards takes too long.
class Watchdog {
  public:
    Watchdog(base::Deadline deadline, int exit_code)
        : thread_([this, deadline, exit_code] { watch(deadline, exit_code); }) {}
    ~Watchdog() {
        {
            const base::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    void watch(base::Deadline deadline, int exit_code) {
        const base::lock_guard lock(mutex_);
        while (!done_) {
            if (changed_.wait_until(mutex_, deadline) || done_) continue;
            telemetry::log(telemetry::LogLevel::error, "the stop took too long: ending at once");
            telemetry::flush_log();
            std::_Exit(exit_code);
        }
    }

    base::mutex mutex_;
    base::condition changed_;
    bool done_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace

Lifecycle::Lifecycle(std::chrono::milliseconds stop_time, int late_exit_code)
    : stop_time_(stop_time), late_exit_code_(late_exit_code) {
    const sigset_t signals = stop_signals();
    CHECK(pthread_sigmask(SIG_BLOCK, &signals, &earlier_mask_) == 0, "signals can be blocked");
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    CHECK(sigaction(SIGPIPE, &ignore, &earlier_pipe_) == 0, "SIGPIPE can be ignored");
}

Lifecycle::~Lifecycle() {
    pthread_sigmask(SIG_SETMASK, &earlier_mask_, nullptr);
    sigaction(SIGPIPE, &earlier_pipe_, nullptr);
}

int Lifecycle::run_until_stopped(const std::function<void()>& stop) {
    const sigset_t signals = stop_signals();
    int signal = 0;
    CHECK(sigwait(&signals, &signal) == 0, "signals can be waited for");

    std::string failure;
    {
        const base::lock_guard lock(mutex_);
        failure = failure_;
    }
    const Watchdog watchdog(base::in(stop_time_), failure.empty() ? late_exit_code_ : kExitFailed);
    // From here on a signal does to this thread, and so to the process, what it does by default.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);

    if (failure.empty())
        telemetry::log(telemetry::LogLevel::info, "stopping",
                       {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    else
        telemetry::log(telemetry::LogLevel::error, "stopping after a failure",
                       {{"reason", failure}});
    stop();
    telemetry::log(telemetry::LogLevel::info, "stopped");
    telemetry::flush_log();
    return failure.empty() ? kExitDone : kExitFailed;
}

void Lifecycle::fail(std::string reason) {
    {
        const base::lock_guard lock(mutex_);
        if (!failure_.empty()) return;
        failure_ = std::move(reason);
    }
    kill(getpid(), SIGTERM);
}

}  // namespace stockroom::runtime
