#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stockroom/base/check.hpp"
#include "stockroom/base/mutex.hpp"
#include "stockroom/contract/events.hpp"
#include "stockroom/ports/events.hpp"
#include "stockroom/ports/relay_log.hpp"

namespace stockroom::relay::testing {

inline ports::Error retryable(std::string detail = "away") {
    return {ports::ErrorKind::retryable, std::move(detail)};
}

/// A store with a log and one lead, and a bus that keeps what it is told. Thread-safe.
class World {
  public:
    /// Asked before each call of a port, by its name; an error makes it fail. Set before use.
    std::function<std::optional<ports::Error>(std::string_view call)> on_call;
    /// How many messages a publish that fails has got through all the same.
    std::size_t partly = 0;
    /// A queue takes no events of this type, all others do.
    std::string refused_type;

    void append(std::string_view type, std::size_t count = 1) {
        const base::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < count; ++i) {
            const auto position = static_cast<std::int64_t>(log_.size()) + 1;
            log_.push_back({.position = position,
                            .event = {.type = std::string(type),
                                      .key = "item/" + std::to_string(position),
                                      .version = 1,
                                      .command = std::nullopt,
                                      .actor = "user:1",
                                      .at = base::Time::from_microseconds(position),
                                      .data = "{}"}});
        }
    }

    [[nodiscard]] std::vector<ports::EventMessage> messages() const {
        const base::lock_guard lock(mutex_);
        return messages_;
    }
    /// The positions that came over the bus, in their order; of heartbeats none.
    [[nodiscard]] std::vector<std::int64_t> positions() const { return positions_of(false); }
    /// What the heartbeats said.
    [[nodiscard]] std::vector<std::int64_t> heartbeats() const { return positions_of(true); }
    [[nodiscard]] std::int64_t saved() const {
        const base::lock_guard lock(mutex_);
        return saved_;
    }
    /// Of what was published last.
    [[nodiscard]] std::optional<base::Deadline> publish_deadline() const {
        const base::lock_guard lock(mutex_);
        return publish_deadline_;
    }
    [[nodiscard]] int calls() const {
        const base::lock_guard lock(mutex_);
        return calls_;
    }

    /// Whether it became true in time; looked at after each call of a port.
    bool wait_until(const std::function<bool()>& is_true,
                    base::Deadline deadline = base::in(std::chrono::seconds(20))) {
        for (;;) {
            const int seen = calls();
            if (is_true()) return true;
            const base::lock_guard lock(mutex_);
            while (calls_ == seen)
                if (!called_.wait_until(mutex_, deadline)) return false;
        }
    }

    class Log final : public ports::RelayLog {
      public:
        explicit Log(World& world) : world_(world) {}
        ~Log() override { give_up(); }

        Result<bool> take_lead() override {
            if (auto error = world_.call("take_lead", this)) return std::unexpected(*error);
            const base::lock_guard lock(world_.mutex_);
            if (world_.leader_ == nullptr) world_.leader_ = this;
            return world_.leader_ == this;
        }
        void give_up_lead() override { give_up(); }
        Result<std::int64_t> position() override {
            if (auto error = world_.call("position", this)) return std::unexpected(*error);
            const base::lock_guard lock(world_.mutex_);
            CHECK(world_.leader_ == this, "only the leader asks for the position");
            return world_.saved_;
        }
        Result<void> save_position(std::int64_t position) override {
            if (auto error = world_.call("save_position", this)) return std::unexpected(*error);
            const base::lock_guard lock(world_.mutex_);
            CHECK(world_.leader_ == this, "only the leader saves");
            world_.saved_ = position;
            return {};
        }
        Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t position,
                                                             std::size_t limit) override {
            if (auto error = world_.call("events_after", this)) return std::unexpected(*error);
            const base::lock_guard lock(world_.mutex_);
            const auto first = world_.log_.begin() + position;
            const auto left = static_cast<std::size_t>(world_.log_.end() - first);
            return std::vector(first, first + static_cast<std::ptrdiff_t>(std::min(left, limit)));
        }
        Result<std::int64_t> log_head() override {
            if (auto error = world_.call("log_head", this)) return std::unexpected(*error);
            const base::lock_guard lock(world_.mutex_);
            return static_cast<std::int64_t>(world_.log_.size());
        }

      private:
        void give_up() {
            const base::lock_guard lock(world_.mutex_);
            if (world_.leader_ == this) world_.leader_ = nullptr;
        }

        World& world_;
    };

    class Publisher final : public ports::EventPublisher {
      public:
        explicit Publisher(World& world) : world_(world) {}
        std::expected<ports::EventsTaken, ports::Error> publish(
            std::span<const ports::EventMessage> messages, base::Deadline deadline) override {
            const auto error = world_.call("publish", nullptr);
            const base::lock_guard lock(world_.mutex_);
            world_.publish_deadline_ = deadline;
            const auto taken =
                error ? messages.first(std::min(messages.size(), world_.partly)) : messages;
            world_.messages_.insert(world_.messages_.end(), taken.begin(), taken.end());
            if (error) return std::unexpected(*error);
            ports::EventsTaken what;
            for (const auto& message : messages)
                if (message.type == world_.refused_type)
                    what.refused += message.last - message.first + 1;
            return what;
        }

      private:
        World& world_;
    };

  private:
    /// Counts the call; a store that fails for a while has lost whose lead it was.
    std::optional<ports::Error> call(std::string_view name, const Log* caller) {
        auto error = on_call ? on_call(name) : std::nullopt;
        const base::lock_guard lock(mutex_);
        ++calls_;
        called_.notify_all();
        if (error && error->kind == ports::ErrorKind::retryable && caller == leader_)
            leader_ = nullptr;
        return error;
    }

    [[nodiscard]] std::vector<std::int64_t> positions_of(bool of_heartbeats) const {
        std::vector<std::int64_t> positions;
        for (const auto& message : messages()) {
            if ((message.type == contract::kHeartbeatType) != of_heartbeats) continue;
            for (const auto& event : contract::decode_events(message.bytes).value())
                positions.push_back(event.position);
        }
        return positions;
    }

    mutable base::mutex mutex_;
    base::condition called_;
    std::vector<ports::LoggedEvent> log_ STOCKROOM_GUARDED_BY(mutex_);
    std::int64_t saved_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    const Log* leader_ STOCKROOM_GUARDED_BY(mutex_) = nullptr;
    std::vector<ports::EventMessage> messages_ STOCKROOM_GUARDED_BY(mutex_);
    std::optional<base::Deadline> publish_deadline_ STOCKROOM_GUARDED_BY(mutex_);
    int calls_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

class Bus final : public ports::EventBus {
  public:
    explicit Bus(World& world) : world_(world) {}
    std::unique_ptr<ports::EventPublisher> make_event_publisher() override {
        return std::make_unique<World::Publisher>(world_);
    }
    std::unique_ptr<ports::EventSubscription> subscribe(ports::EventListener&) override {
        return nullptr;
    }

  private:
    World& world_;
};

}  // namespace stockroom::relay::testing
