#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stockroom/base/mutex.hpp"
#include "stockroom/bus_memory/bus_memory.hpp"

#include "questions.hpp"
#include "queue.hpp"

namespace stockroom::bus_memory {

/// Where the replies to one publisher go.
class ReplySink {
  public:
    explicit ReplySink(ports::ReplyHandler handler) : handler_(std::move(handler)) {}

    void deliver(std::vector<std::string> replies) {
        const base::lock_guard lock(mutex_);
        if (handler_) handler_(std::move(replies));
    }
    void close() {
        const base::lock_guard lock(mutex_);
        handler_ = nullptr;
    }

  private:
    base::mutex mutex_;
    ports::ReplyHandler handler_ STOCKROOM_GUARDED_BY(mutex_);
};

/// What the bus, its publishers and its consumers share.
class MemoryBus::Core {
  public:
    Core(telemetry::Metrics& metrics, Options options)
        : metrics_(metrics),
          options_(std::move(options)),
          dead_(metrics.counter("stockroom_queue_dead_total",
                                "Messages and parts of messages that became dead letters")) {}

    [[nodiscard]] Queue& queue(std::string_view name) {
        const base::lock_guard lock(mutex_);
        auto found = queues_.find(name);
        if (found == queues_.end()) {
            auto made = std::make_unique<Queue>(name, options_, metrics_);
            if (closed_) (void)made->close();
            found = queues_.emplace(std::string(name), std::move(made)).first;
        }
        return *found->second;
    }

    [[nodiscard]] std::pair<std::string, std::shared_ptr<ReplySink>> add_sink(
        ports::ReplyHandler handler) {
        const base::lock_guard lock(mutex_);
        auto address = fmt::format("publisher/{}", ++last_publisher_);
        auto sink = std::make_shared<ReplySink>(std::move(handler));
        sinks_.emplace(address, sink);
        return {std::move(address), std::move(sink)};
    }
    void remove_sink(const std::string& address) {
        const base::lock_guard lock(mutex_);
        sinks_.erase(address);
    }
    /// Null when that publisher is gone.
    [[nodiscard]] std::shared_ptr<ReplySink> find_sink(const std::string& address) {
        const base::lock_guard lock(mutex_);
        const auto found = sinks_.find(address);
        return found == sinks_.end() ? nullptr : found->second;
    }

    [[nodiscard]] std::pair<std::string, std::shared_ptr<Questions>> add_asker() {
        const base::lock_guard lock(mutex_);
        auto address = fmt::format("asker/{}", ++last_publisher_);
        auto questions = std::make_shared<Questions>();
        askers_.emplace(address, questions);
        return {std::move(address), std::move(questions)};
    }
    void remove_asker(const std::string& address) {
        const base::lock_guard lock(mutex_);
        askers_.erase(address);
    }
    /// Null when that asker is gone.
    [[nodiscard]] std::shared_ptr<Questions> find_asker(const std::string& address) {
        const base::lock_guard lock(mutex_);
        const auto found = askers_.find(address);
        return found == askers_.end() ? nullptr : found->second;
    }

    /// False when there is no room for more.
    [[nodiscard]] bool add_dead_letter(std::string_view bytes, ports::Death death) {
        Message letter{.bytes = std::string(bytes),
                       .reply_to = {},
                       .message_id = base::Uuid::make_v7(base::Time::now()).to_string(),
                       .death = std::move(death)};
        if (queue(ports::kDeadQueue).push(letter)) return false;
        dead_.add();
        return true;
    }
    [[nodiscard]] std::vector<DeadLetter> dead_letters() {
        std::vector<DeadLetter> letters;
        for (auto& message : queue(ports::kDeadQueue).peek())
            letters.push_back({.queue = std::move(message.death.queue),
                               .bytes = std::move(message.bytes),
                               .reason = std::move(message.death.reason)});
        return letters;
    }

    void close() {
        std::vector<Queue*> queues;
        {
            const base::lock_guard lock(mutex_);
            closed_ = true;
            for (const auto& [name, queue] : queues_)
                queues.push_back(queue.get());
        }
        for (Queue* queue : queues) {
            for (Message& message : queue->close())
                message.finish(message.deliveries == 0 ? ports::Published::unavailable
                                                       : ports::Published::unknown);
        }
    }
    [[nodiscard]] bool closed() {
        const base::lock_guard lock(mutex_);
        return closed_;
    }

  private:
    telemetry::Metrics& metrics_;
    const Options options_;
    telemetry::Counter dead_;

    base::mutex mutex_;
    bool closed_ STOCKROOM_GUARDED_BY(mutex_) = false;
    // Never removed: references to a queue are as good as the core.
    std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_ STOCKROOM_GUARDED_BY(mutex_);
    std::map<std::string, std::shared_ptr<ReplySink>> sinks_ STOCKROOM_GUARDED_BY(mutex_);
    std::map<std::string, std::shared_ptr<Questions>> askers_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t last_publisher_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

}  // namespace stockroom::bus_memory
