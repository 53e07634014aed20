#pragma once

namespace stockroom::bus_amqp {

/// Wakes a thread that polls. Thread-safe.
class Wakeup {
  public:
    Wakeup();
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    /// The wait under way, or the next one, ends at once.
    void wake();
    /// Forgets all wakes so far.
    void clear();
    /// Readable while there is a wake.
    [[nodiscard]] int fd() const { return fd_; }

  private:
    const int fd_;
};

}  // namespace stockroom::bus_amqp
