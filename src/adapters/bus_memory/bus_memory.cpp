#include "stockroom/bus_memory/bus_memory.hpp"

#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core.hpp"

namespace stockroom::bus_memory {

namespace {

ports::Error no_such_tag(std::uint64_t tag) {
    return {ports::ErrorKind::permanent, fmt::format("bus_memory: no message has the tag {}", tag)};
}

}  // namespace

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

    void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool wants_reply,
                 ports::PublishedHandler done) override {
        Message message{.bytes = std::move(bytes),
                        .reply_to = wants_reply ? address_ : std::string(),
                        .done = std::move(done),
                        .message_id = id.to_string()};
        if (const auto refused = core_->queue(queue).push(message)) message.finish(*refused);
    }

  private:
    std::shared_ptr<MemoryBus::Core> core_;
    std::string address_;
    std::shared_ptr<ReplySink> sink_;
};

class MemoryConsumer final : public ports::ClassicConsumer {
  public:
    MemoryConsumer(std::shared_ptr<MemoryBus::Core> core, std::string_view queue)
        : core_(std::move(core)), queue_(core_->queue(queue)) {
        queue_.add_consumer();
    }
    ~MemoryConsumer() override {
        queue_.remove_consumer();
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
                                  .correlation_id = message.correlation_id,
                                  .message_id = message.message_id,
                                  .earlier_deliveries = message.deliveries++,
                                  .death = message.death});
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

    std::expected<void, ports::Error> answer(ports::Reply reply,
                                             base::Deadline /*deadline*/) override {
        if (const auto questions = core_->find_asker(reply.reply_to))
            questions->answer(reply.correlation_id, std::move(reply.bytes));
        return {};
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
        const Message& message = found->second;
        if (!core_->add_dead_letter(bytes, {.queue = queue_.name(),
                                            .reason = std::string(reason),
                                            .redeliveries = message.deliveries - 1}))
            return std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                                "bus_memory: no room for more dead letters"});
        found->second.dead = true;
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

class MemoryAsker final : public ports::Asker {
  public:
    explicit MemoryAsker(std::shared_ptr<MemoryBus::Core> core) : core_(std::move(core)) {
        std::tie(address_, questions_) = core_->add_asker();
    }
    ~MemoryAsker() override {
        core_->remove_asker(address_);
        questions_->close();
    }
    MemoryAsker(const MemoryAsker&) = delete;
    MemoryAsker& operator=(const MemoryAsker&) = delete;

    void ask(std::string_view queue, std::string bytes, base::Deadline deadline,
             ports::AnswerHandler done) override {
        Message message{.bytes = std::move(bytes),
                        .reply_to = address_,
                        .correlation_id = questions_->add(deadline, std::move(done))};
        if (!core_->queue(queue).push(message)) return;
        questions_->answer(
            message.correlation_id,
            std::unexpected(ports::Error{ports::ErrorKind::retryable,
                                         fmt::format("bus_memory: {} takes nothing", queue)}));
    }

  private:
    std::shared_ptr<MemoryBus::Core> core_;
    std::string address_;
    std::shared_ptr<Questions> questions_;
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

std::unique_ptr<ports::ClassicConsumer> MemoryBus::make_classic_consumer(std::string_view queue) {
    return std::make_unique<MemoryConsumer>(core_, queue);
}

std::unique_ptr<ports::Asker> MemoryBus::make_asker() {
    return std::make_unique<MemoryAsker>(core_);
}

std::string MemoryBus::trouble() const {
    return core_->closed() ? "the bus is closed" : "";
}

void MemoryBus::close() {
    core_->close();
}

std::vector<DeadLetter> MemoryBus::dead_letters() const {
    return core_->dead_letters();
}

QueueCounts MemoryBus::counts(std::string_view queue) const {
    return core_->queue(queue).counts();
}

}  // namespace stockroom::bus_memory
