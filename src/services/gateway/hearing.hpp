#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/ports/events.hpp"

#include "cache_keys.hpp"

namespace stockroom::gateway {

/// One thing that the bus has said of the event log.
struct Heard {
    enum class What : std::uint8_t {
        gap,        // events may have been missed before the next
        events,     // of positions first to last
        heartbeat,  // all events up to `last` were published before, and there were no more
    };
    What what = What::gap;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::vector<CacheKey> changed{};
    base::Time at{};  // of a heartbeat: what was committed by then is in the log up to `last`
};

/// Hears events on the bus's thread and carries them, read, to the thread of the io_context; all
/// that has come in meanwhile in one go. What is more than it may hold becomes a gap.
class Hearing final : public ports::EventListener, public std::enable_shared_from_this<Hearing> {
  public:
    using Deliver = std::function<void(const std::vector<Heard>&)>;

    static constexpr std::size_t kKeysMax = 200'000;  // that wait to be delivered

    /// `deliver` is called on the io_context's thread.
    Hearing(boost::asio::io_context& context, Deliver deliver, std::size_t keys_max = kKeysMax);

    void on_events(std::string_view type, std::string_view bytes) override
        STOCKROOM_EXCLUDES(mutex_);
    void on_gap() override STOCKROOM_EXCLUDES(mutex_);

    /// From here on everything is dropped, and the io_context is not touched any more. Call when
    /// nobody runs the io_context.
    void close() STOCKROOM_EXCLUDES(mutex_);

  private:
    void add(Heard heard) STOCKROOM_EXCLUDES(mutex_);
    void empty() STOCKROOM_EXCLUDES(mutex_);

    boost::asio::io_context& context_;
    Deliver deliver_;
    std::size_t keys_max_;
    base::mutex mutex_;
    std::vector<Heard> heard_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t keys_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    bool posted_ STOCKROOM_GUARDED_BY(mutex_) = false;
    bool closed_ STOCKROOM_GUARDED_BY(mutex_) = false;
};

}  // namespace stockroom::gateway
