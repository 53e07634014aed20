#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/bus_memory/bus_memory.hpp"

namespace stockroom::bus_memory {

struct Message {
    std::string bytes;
    std::string reply_to;
    std::string correlation_id{};
    ports::PublishedHandler done{};  // empty: nobody waits for it
    std::uint32_t deliveries = 0;    // how often it was given out
    bool dead = false;               // some of it is among the dead letters
    std::string message_id{};
    ports::Death death{};

    /// Tells the publisher, at most once.
    void finish(ports::Published what) {
        if (const auto handler = std::exchange(done, nullptr)) handler(what);
    }
};

/// One named queue. Thread-safe. Calls nobody back: who gets messages from here finishes them.
class Queue {
  public:
    Queue(std::string_view name, const Options& options, telemetry::Metrics& metrics);

    [[nodiscard]] const std::string& name() const { return name_; }

    /// Empty when it was taken; else why not, and the message is as it was.
    [[nodiscard]] std::optional<ports::Published> push(Message& message);

    /// One consumer's wish to be left alone; belongs to the queue's mutex.
    struct Waiter {
        bool interrupted = false;
    };
    [[nodiscard]] std::expected<std::vector<Message>, ports::Error> take(Waiter& waiter,
                                                                         std::size_t messages_max,
                                                                         base::Deadline deadline);
    void interrupt(Waiter& waiter);

    /// To the front, in this order. Returns what is not taken back because the queue is closed.
    [[nodiscard]] std::vector<Message> put_back(std::vector<Message> messages);

    /// These that were taken are done with: there is room for as many.
    void forget(std::span<const Message> messages);

    /// What waits, in the order in which it would be taken.
    [[nodiscard]] std::vector<Message> peek();

    void add_consumer();
    void remove_consumer();
    [[nodiscard]] QueueCounts counts();

    /// Returns what still waited.
    [[nodiscard]] std::vector<Message> close();

  private:
    struct Later {
        std::uint64_t tick = 0;  // when it is put among the others
        Message message;
    };

    void count(const Message& message) STOCKROOM_REQUIRES(mutex_);
    void uncount(std::span<const Message> messages) STOCKROOM_REQUIRES(mutex_);
    void place(Message message) STOCKROOM_REQUIRES(mutex_);
    void place_late(Message message) STOCKROOM_REQUIRES(mutex_);
    void release_late() STOCKROOM_REQUIRES(mutex_);
    [[nodiscard]] bool happens(double probability) STOCKROOM_REQUIRES(mutex_);
    void wake_one() STOCKROOM_REQUIRES(mutex_);

    const std::string name_;
    const std::size_t max_;
    const std::size_t bytes_max_;
    const std::optional<Chaos> chaos_;
    telemetry::Gauge depth_;
    telemetry::Counter published_;

    base::mutex mutex_;
    base::condition changed_;
    std::deque<Message> ready_ STOCKROOM_GUARDED_BY(mutex_);
    std::vector<Later> late_ STOCKROOM_GUARDED_BY(mutex_);  // by tick; only with chaos
    std::size_t size_ STOCKROOM_GUARDED_BY(mutex_) = 0;     // waiting, late, taken and not acked
    std::size_t bytes_ STOCKROOM_GUARDED_BY(mutex_) = 0;    // of all these
    std::size_t idle_ STOCKROOM_GUARDED_BY(mutex_) = 0;     // consumers inside a wait
    std::size_t consumers_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::uint64_t published_count_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    bool woken_ STOCKROOM_GUARDED_BY(mutex_) = false;  // one of them was notified, not yet awake
    bool closed_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::uint64_t tick_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::mt19937_64 random_ STOCKROOM_GUARDED_BY(mutex_);
};

}  // namespace stockroom::bus_memory
