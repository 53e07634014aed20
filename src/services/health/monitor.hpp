#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/health/options.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/telemetry/metrics.hpp"

#include "asker.hpp"
#include "board.hpp"
#include "diary.hpp"
#include "pinger.hpp"

namespace stockroom::health {

/// When a part that was asked then is asked again; not before it has answered, or the patience is
/// over.
[[nodiscard]] base::Deadline next_ask(const Options& options, base::Deadline asked, bool in_doubt);

/// Asks every part again and again, each for itself: at the interval while it is up, each second
/// while it is not, or may not be. Owns the thread that asks.
class Monitor {
  public:
    using OnFailure = std::function<void(const std::string& reason)>;

    /// `ask_store`: reads a little from it; may block. REQUIRES: bus and metrics outlive it.
    Monitor(Options options, ports::Bus& bus, BlockingAsker::Question ask_store, DiaryStore diary,
            telemetry::Metrics& metrics, OnFailure on_failure);
    /// Stops.
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    /// One more service. REQUIRES: not started yet; no other part has its name.
    void watch(Watched service);
    /// Call once.
    void start();
    /// Lets it begin to stop, and does not wait.
    void request_stop();
    void stop();
    /// As GET /v1/health answers. From any thread.
    [[nodiscard]] std::string to_json() const;

  private:
    void add(const std::string& name, domain::PartKind kind, std::unique_ptr<Asker> asker);
    boost::asio::awaitable<void> ask_again_and_again(std::string name, Asker& asker);
    void run();
    void fail(const std::string& reason);

    const Options options_;
    const OnFailure on_failure_;
    boost::asio::io_context context_{1};
    Diary diary_;
    Board board_;
    Pinger pinger_;
    std::vector<std::pair<std::string, std::unique_ptr<Asker>>> askers_;
    std::jthread thread_;
};

}  // namespace stockroom::health
