#pragma once

#include <chrono>
#include <set>
#include <thread>

#include "stockroom/base/mutex.hpp"

namespace stockroom::bus_amqp {

class Watch;

/// Shuts a socket down when a call on it takes longer than it may: a call of librabbitmq that waits
/// cannot be given up otherwise. One thread for any number of watches. Outlives them.
class Watchdog {
  public:
    Watchdog();
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

  private:
    friend class Watch;
    void run();
    /// Shuts down what is overdue; returns when the next one is.
    [[nodiscard]] base::Deadline bite() STOCKROOM_REQUIRES(mutex_);
    void look_again() STOCKROOM_REQUIRES(mutex_);

    base::mutex mutex_;
    base::condition changed_;
    std::set<Watch*> watches_ STOCKROOM_GUARDED_BY(mutex_);
    base::Deadline next_look_ STOCKROOM_GUARDED_BY(mutex_);
    bool stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

/// What the watchdog knows of one connection, one socket at a time.
class Watch {
  public:
    explicit Watch(Watchdog& watchdog);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Holds on to the socket, whoever closes the descriptor meanwhile.
    void attach(int socket);
    void detach();

    /// What is under way then, or is begun later, fails at once. From any thread.
    void end_at(base::Deadline deadline);

    /// While it lives, a call is under way.
    class Call {
      public:
        Call(Watch& watch, std::chrono::milliseconds longest);
        ~Call();
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

      private:
        Watch& watch_;
    };

  private:
    friend class Watchdog;
    Watchdog& watchdog_;
    // All guarded by the watchdog's mutex, which annotations cannot name from here.
    int socket_ = -1;  // a duplicate, so that it is nobody else's; -1: none, or shut down already
    base::Deadline call_ = base::Deadline::max();
    base::Deadline end_ = base::Deadline::max();
};

}  // namespace stockroom::bus_amqp
