#include <csignal>
#include <utility>
#include <vector>

#include "rigs.hpp"

namespace stockroom::rigged {

namespace {

using ports::Published;

class AckingConsumer final : public ports::Consumer {
  public:
    explicit AckingConsumer(std::unique_ptr<ports::Consumer> inner) : inner_(std::move(inner)) {}

    std::expected<std::vector<ports::Delivery>, ports::Error> take(
        std::size_t messages_max, base::Deadline deadline) override {
        auto taken = inner_->take(messages_max, deadline);
        if (!taken || taken->empty()) return taken;
        std::vector<std::uint64_t> tags;
        for (const ports::Delivery& delivery : *taken)
            tags.push_back(delivery.tag);
        if (const auto acked = inner_->ack(tags); !acked) return std::unexpected(acked.error());
        return taken;
    }
    void interrupt() override { inner_->interrupt(); }
    void reply(std::vector<ports::Reply> replies) override { inner_->reply(std::move(replies)); }
    std::expected<void, ports::Error> ack(std::span<const std::uint64_t> /*tags*/) override {
        return {};
    }
    std::expected<void, ports::Error> give_back(std::span<const std::uint64_t> /*tags*/) override {
        return {};
    }
    std::expected<void, ports::Error> dead_letter(std::uint64_t tag, std::string_view bytes,
                                                  std::string_view reason) override {
        return inner_->dead_letter(tag, bytes, reason);
    }

  private:
    const std::unique_ptr<ports::Consumer> inner_;
};

class HastyPublisher final : public ports::Publisher {
  public:
    explicit HastyPublisher(std::unique_ptr<ports::Publisher> inner) : inner_(std::move(inner)) {}

    void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool wants_reply,
                 ports::PublishedHandler done) override {
        inner_->publish(queue, id, std::move(bytes), wants_reply, [](Published) {});
        done(Published::durable);
    }

  private:
    const std::unique_ptr<ports::Publisher> inner_;
};

class DyingPublisher final : public ports::Publisher {
  public:
    explicit DyingPublisher(std::unique_ptr<ports::Publisher> inner) : inner_(std::move(inner)) {}

    void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool wants_reply,
                 ports::PublishedHandler done) override {
        inner_->publish(queue, id, std::move(bytes), wants_reply,
                        [done = std::move(done)](Published what) {
                            if (what == Published::durable) (void)std::raise(SIGKILL);
                            done(what);
                        });
    }

  private:
    const std::unique_ptr<ports::Publisher> inner_;
};

class RiggedBus : public ports::Bus {
  public:
    explicit RiggedBus(ports::Bus& inner) : inner_(inner) {}
    std::unique_ptr<ports::Publisher> make_publisher(ports::ReplyHandler on_replies) override {
        return inner_.make_publisher(std::move(on_replies));
    }
    std::unique_ptr<ports::Consumer> make_consumer(std::string_view queue) override {
        return inner_.make_consumer(queue);
    }
    [[nodiscard]] std::string trouble() const override { return inner_.trouble(); }

  private:
    ports::Bus& inner_;
};

class AckingBus final : public RiggedBus {
  public:
    using RiggedBus::RiggedBus;
    std::unique_ptr<ports::Consumer> make_consumer(std::string_view queue) override {
        return std::make_unique<AckingConsumer>(RiggedBus::make_consumer(queue));
    }
};

class HastyBus final : public RiggedBus {
  public:
    using RiggedBus::RiggedBus;
    std::unique_ptr<ports::Publisher> make_publisher(ports::ReplyHandler on_replies) override {
        return std::make_unique<HastyPublisher>(RiggedBus::make_publisher(std::move(on_replies)));
    }
};

class DyingBus final : public RiggedBus {
  public:
    using RiggedBus::RiggedBus;
    std::unique_ptr<ports::Publisher> make_publisher(ports::ReplyHandler on_replies) override {
        const bool wants_replies = on_replies != nullptr;
        auto publisher = RiggedBus::make_publisher(std::move(on_replies));
        if (wants_replies) return publisher;
        return std::make_unique<DyingPublisher>(std::move(publisher));
    }
};

}  // namespace

std::unique_ptr<ports::Bus> ack_before_commit(ports::Bus& bus) {
    return std::make_unique<AckingBus>(bus);
}

std::unique_ptr<ports::Bus> no_confirms(ports::Bus& bus) {
    return std::make_unique<HastyBus>(bus);
}

std::unique_ptr<ports::Bus> killed_after_publishing(ports::Bus& bus) {
    return std::make_unique<DyingBus>(bus);
}

}  // namespace stockroom::rigged
