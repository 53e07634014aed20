#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <string>

#include "stockroom/base/mutex.hpp"
#include "stockroom/runtime/command_line.hpp"

namespace stockroom::runtime {

/// How long a program may take from SIGTERM to its exit.
inline constexpr std::chrono::seconds kStopTime{10};

/// The life of a process that runs until it is told to stop. Make one in main before any thread: it
/// blocks SIGTERM and SIGINT for this thread and all that it starts, and ignores SIGPIPE. Its end
/// sets the signals back.
class Lifecycle {
  public:
    explicit Lifecycle(std::chrono::milliseconds stop_time = kStopTime,
                       int late_exit_code = kExitFailed);
    ~Lifecycle();
    Lifecycle(const Lifecycle&) = delete;
    Lifecycle& operator=(const Lifecycle&) = delete;

    /// Waits for SIGTERM, SIGINT or fail(), calls `stop`, and gives the exit code: kExitDone, or
    /// kExitFailed after fail(). A second signal ends the process at once, as that signal does by
    /// itself; so does, with the late exit code or after fail() with kExitFailed, a stop that takes
    /// longer than the stop time.
    /// Call once, on the thread that made this.
    [[nodiscard]] int run_until_stopped(const std::function<void()>& stop);

    /// Asks for the stop because something that cannot be mended has happened. From any thread; the
    /// first reason is logged.
    void fail(std::string reason);

  private:
    std::chrono::milliseconds stop_time_;
    int late_exit_code_;
    sigset_t earlier_mask_{};
    struct sigaction earlier_pipe_{};
    base::mutex mutex_;
    std::string failure_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::runtime
