#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/queries.hpp"

#include "empty_queries.hpp"

namespace stockroom::gateway {

/// For tests: a bus that does with each command what the test says, when it says so. One thread.
class ScriptedBus final : public ports::Bus {
  public:
    struct Sent {
        std::string queue;
        base::Uuid id;
        std::string bytes;
        ports::PublishedHandler done;
    };

    [[nodiscard]] std::unique_ptr<ports::Publisher> make_publisher(
        ports::ReplyHandler on_replies) override {
        on_replies_ = std::move(on_replies);
        return std::make_unique<End>(*this);
    }
    [[nodiscard]] std::unique_ptr<ports::Consumer> make_consumer(std::string_view) override {
        return nullptr;
    }
    [[nodiscard]] std::string trouble() const override { return {}; }

    [[nodiscard]] std::size_t count() const { return sent_.size(); }
    [[nodiscard]] const Sent& sent(std::size_t index) const { return sent_.at(index); }
    void confirm(std::size_t index, ports::Published published) {
        std::exchange(sent_.at(index).done, nullptr)(published);
    }
    void reply(std::size_t index, std::string outcome) {
        static_cast<void>(sent_.at(index));
        on_replies_({std::move(outcome)});
    }

  private:
    class End final : public ports::Publisher {
      public:
        explicit End(ScriptedBus& bus) : bus_(bus) {}
        void publish(std::string_view queue, const base::Uuid& id, std::string bytes, bool,
                     ports::PublishedHandler done) override {
            bus_.sent_.push_back({std::string(queue), id, std::move(bytes), std::move(done)});
        }

      private:
        ScriptedBus& bus_;
    };

    ports::ReplyHandler on_replies_;
    std::vector<Sent> sent_;
};

/// For tests: what is in a store that knows of commands only. Thread-safe.
struct KnownCommands {
    base::mutex mutex;
    std::map<base::Uuid, ports::StoredOutcome> outcomes STOCKROOM_GUARDED_BY(mutex);
    std::map<base::Uuid, domain::DeadLetter> dead STOCKROOM_GUARDED_BY(mutex);
};

class KnownCommandsQueries final : public ports::testing::EmptyQueries {
  public:
    explicit KnownCommandsQueries(KnownCommands& known) : known_(known) {}

    Result<std::optional<ports::StoredOutcome>> outcome(const base::Uuid& id) override {
        const base::lock_guard lock(known_.mutex);
        const auto found = known_.outcomes.find(id);
        if (found == known_.outcomes.end()) return std::nullopt;
        return found->second;
    }
    Result<std::optional<domain::DeadLetter>> dead_letter(const base::Uuid& id,
                                                          std::size_t) override {
        const base::lock_guard lock(known_.mutex);
        const auto found = known_.dead.find(id);
        if (found == known_.dead.end()) return std::nullopt;
        return found->second;
    }

  private:
    KnownCommands& known_;
};

}  // namespace stockroom::gateway
