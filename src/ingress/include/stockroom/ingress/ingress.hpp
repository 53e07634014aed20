#pragma once

#include <expected>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "stockroom/base/mutex.hpp"
#include "stockroom/domain/command.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/classic.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::ingress {

/// What the bytes of a message wish, or, for an operator, why nothing can be made of them. Pure.
using Translate =
    std::function<std::expected<domain::CommandBody, std::string>(std::string_view bytes)>;

/// What each question is answered with. One call does for all that have come before it; it may take
/// its time. Errors: retryable (the questions wait), permanent (they are dead letters).
using Answer = std::function<std::expected<std::string, ports::Error>()>;

/// What messages of a classic queue are: wishes, or questions.
using Meaning = std::variant<Translate, Answer>;

/// Who wants what came by a classic queue.
inline constexpr std::string_view kActor = "classic";

/// A thread that takes what programs that know of no Stockroom send to a classic queue. A wish is
/// published to the queue of the service that decides it, and acked when that is durable: at least
/// once, and exactly once where its sender gave it a message_id of its own. Who asked for an answer
/// (reply_to) is told then. What cannot be translated becomes a dead letter.
class Ingress {
  public:
    /// Where messages come from and go to. REQUIRES: all outlive the ingress.
    struct Ways {
        ports::Bus& bus;
        ports::ClassicBus& classic;
        telemetry::Metrics& metrics;
    };

    Ingress(std::string_view queue, Meaning meaning, Ways ways);
    /// Stops.
    ~Ingress();
    Ingress(const Ingress&) = delete;
    Ingress& operator=(const Ingress&) = delete;

    /// Call once.
    void start();
    /// Lets it begin to stop, and does not wait. Again, and before the start: nothing.
    void request_stop() { thread_.request_stop(); }
    /// Finishes what is under way, gives back what is not durable, and ends the thread.
    void stop();

    /// Empty while it works; else what is wrong with it, for /readyz.
    [[nodiscard]] std::string trouble() const;

  private:
    void run(const std::stop_token& stop);
    void set_trouble(const std::string& trouble);

    const std::string queue_;
    const Meaning meaning_;
    const Ways ways_;

    mutable base::mutex mutex_;
    std::string trouble_ STOCKROOM_GUARDED_BY(mutex_);

    std::jthread thread_;
};

}  // namespace stockroom::ingress
