#include "stockroom/bus_memory/bus_memory.hpp"

#include <deque>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "queue.hpp"

namespace stockroom::bus_memory {

namespace {

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

ports::Error no_such_tag(std::uint64_t tag) {
    return {ports::ErrorKind::permanent, fmt::format("bus_memory: no message has the tag {}", tag)};
}

}  // namespace

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

    void add_dead_letter(DeadLetter letter) {
        dead_.add();
        const base::lock_guard lock(mutex_);
        dead_letters_.push_back(std::move(letter));
        if (dead_letters_.size() > options_.dead_letters_max) {
            dead_letters_.pop_front();
            ++dead_letters_dropped_;
        }
    }
    [[nodiscard]] DeadLetters dead_letters() {
        const base::lock_guard lock(mutex_);
        return {.letters = {dead_letters_.begin(), dead_letters_.end()},
                .dropped = dead_letters_dropped_};
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
    std::uint64_t last_publisher_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::deque<DeadLetter> dead_letters_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t dead_letters_dropped_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

class MemoryPublisher final : public ports::Publisher {
  public:
    MemoryPublisher(std::shared_ptr<MemoryBus::Core> core, ports::ReplyHandler on_replies)
        : core_(std::move(core)) {
        std::tie(address_, sink_) = core_->add_sink(std::move(on_replies));
    }
    ~MemoryPublisher() override {
        core_->remove_sink(address_);
        sink_->close();
    }
    MemoryPublisher(const MemoryPublisher&) = delete;
    MemoryPublisher& operator=(const MemoryPublisher&) = delete;

    void publish(std::string_view queue, const base::Uuid& /*id*/, std::string bytes,
                 bool wants_reply, ports::PublishedHandler done) override {
        Message message{.bytes = std::move(bytes),
                        .reply_to = wants_reply ? address_ : std::string(),
                        .done = std::move(done)};
        if (const auto refused = core_->queue(queue).push(message)) message.finish(*refused);
    }

  private:
    std::shared_ptr<MemoryBus::Core> core_;
    std::string address_;
    std::shared_ptr<ReplySink> sink_;
};

class MemoryConsumer final : public ports::Consumer {
  public:
    MemoryConsumer(std::shared_ptr<MemoryBus::Core> core, std::string_view queue)
        : core_(std::move(core)), queue_(core_->queue(queue)) {}
    ~MemoryConsumer() override {
        std::vector<Message> messages;
        for (auto& [tag, message] : taken_)
            messages.push_back(std::move(message));
        put_back(std::move(messages));
    }
    MemoryConsumer(const MemoryConsumer&) = delete;
    MemoryConsumer& operator=(const MemoryConsumer&) = delete;

    std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t messages_max, base::Deadline deadline) override {
        auto messages = queue_.take(waiter_, messages_max, deadline);
        if (!messages) return std::unexpected(std::move(messages.error()));
        std::vector<ports::Delivery> deliveries;
        deliveries.reserve(messages->size());
        for (Message& message : *messages) {
            deliveries.push_back({.tag = ++last_tag_,
                                  .bytes = message.bytes,
                                  .reply_to = message.reply_to,
                                  .earlier_deliveries = message.deliveries++});
            taken_.emplace_hint(taken_.end(), last_tag_, std::move(message));
        }
        return deliveries;
    }

    void interrupt() override { queue_.interrupt(waiter_); }

    void reply(std::vector<ports::Reply> replies) override {
        std::map<std::string, std::vector<std::string>> by_address;
        for (auto& reply : replies)
            by_address[reply.reply_to].push_back(std::move(reply.bytes));
        for (auto& [address, its_replies] : by_address) {
            if (const auto sink = core_->find_sink(address)) sink->deliver(std::move(its_replies));
        }
    }

    std::expected<void, ports::Error> ack(std::span<const std::uint64_t> tags) override {
        auto messages = remove(tags);
        if (!messages) return std::unexpected(std::move(messages.error()));
        queue_.forget(*messages);
        for (Message& message : *messages)
            message.finish(message.dead ? ports::Published::dead : ports::Published::durable);
        return {};
    }

    std::expected<void, ports::Error> give_back(std::span<const std::uint64_t> tags) override {
        auto messages = remove(tags);
        if (!messages) return std::unexpected(std::move(messages.error()));
        put_back(std::move(*messages));
        return {};
    }

    std::expected<void, ports::Error> dead_letter(std::uint64_t tag, std::string_view bytes,
                                                  std::string_view reason) override {
        const auto found = taken_.find(tag);
        if (found == taken_.end()) return std::unexpected(no_such_tag(tag));
        found->second.dead = true;
        core_->add_dead_letter(
            {.queue = queue_.name(), .bytes = std::string(bytes), .reason = std::string(reason)});
        return {};
    }

  private:
    /// All of them or, when one is not there, none.
    [[nodiscard]] std::expected<std::vector<Message>, ports::Error> remove(
        std::span<const std::uint64_t> tags) {
        for (const auto tag : tags)
            if (!taken_.contains(tag)) return std::unexpected(no_such_tag(tag));
        std::vector<Message> messages;
        messages.reserve(tags.size());
        for (const auto tag : tags)
            if (auto node = taken_.extract(tag)) messages.push_back(std::move(node.mapped()));
        return messages;
    }

    void put_back(std::vector<Message> messages) {
        for (Message& refused : queue_.put_back(std::move(messages)))
            refused.finish(ports::Published::unknown);
    }

    std::shared_ptr<MemoryBus::Core> core_;
    Queue& queue_;
    Queue::Waiter waiter_;
    std::map<std::uint64_t, Message> taken_;
    std::uint64_t last_tag_ = 0;
};

MemoryBus::MemoryBus(telemetry::Metrics& metrics, Options options)
    : core_(std::make_shared<Core>(metrics, std::move(options))) {}

MemoryBus::~MemoryBus() {
    close();
}

std::unique_ptr<ports::Publisher> MemoryBus::make_publisher(ports::ReplyHandler on_replies) {
    return std::make_unique<MemoryPublisher>(core_, std::move(on_replies));
}

std::unique_ptr<ports::Consumer> MemoryBus::make_consumer(std::string_view queue) {
    return std::make_unique<MemoryConsumer>(core_, queue);
}

std::string MemoryBus::trouble() const {
    return core_->closed() ? "the bus is closed" : "";
}

void MemoryBus::close() {
    core_->close();
}

DeadLetters MemoryBus::dead_letters() const {
    return core_->dead_letters();
}

}  // namespace stockroom::bus_memory
