#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/bus_memory/bus_memory.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/engine/engine.hpp"
#include "stockroom/store_sqlite/sqlite.hpp"

namespace stockroom::system_test {

using domain::Command;
using domain::Quantity;

[[nodiscard]] base::Deadline patience();
/// Whether it becomes true before patience ends. For what tells nobody when it has happened.
[[nodiscard]] bool eventually(const std::function<bool()>& is_so);
[[nodiscard]] domain::Sku sku(std::string_view text);

// Commands with fresh ids.
[[nodiscard]] Command create_item(const domain::Sku& sku, Quantity opening);
[[nodiscard]] Command receive(const domain::Sku& sku, Quantity quantity);
[[nodiscard]] Command adjust(const domain::Sku& sku, Quantity quantity);
[[nodiscard]] Command place(const domain::Sku& sku, Quantity quantity);
[[nodiscard]] Command place(domain::PlaceOrder order);
[[nodiscard]] Command of(domain::CommandBody body);

/// A bus and a store of their own in a new folder, gone with this.
class World {
  public:
    explicit World(bus_memory::Options bus_options = {});
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] telemetry::Metrics& metrics() { return metrics_; }
    [[nodiscard]] bus_memory::MemoryBus& bus() { return bus_; }
    [[nodiscard]] std::unique_ptr<ports::Store> make_store();
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries();

    [[nodiscard]] domain::ItemView item(const domain::Sku& sku);
    /// As it is committed; nothing when there is none.
    [[nodiscard]] std::optional<domain::Outcome> outcome(const base::Uuid& command);
    /// The name of its code, or "none".
    [[nodiscard]] std::string outcome_name(const base::Uuid& command);
    [[nodiscard]] std::optional<domain::DeadLetter> dead(const base::Uuid& command);
    [[nodiscard]] std::vector<ports::LoggedEvent> events();

    /// Fails the test unless DESIGN's invariants 1, 2 and 6 hold in the store.
    void expect_sound();

  private:
    std::filesystem::path folder_;
    telemetry::Metrics metrics_;
    bus_memory::MemoryBus bus_;
    std::shared_ptr<store_sqlite::SqliteDatabase> database_;
    std::unique_ptr<ports::Queries> queries_;
};

/// A publisher that remembers what it was told of each command.
class Client {
  public:
    explicit Client(World& world);

    /// To the queue of its kind.
    void send(const Command& command);
    void send_bytes(std::string_view queue, const base::Uuid& id, std::string bytes);
    /// What it was told first, once it was told as often as it has sent; at the latest when
    /// patience ends (then the test fails).
    ports::Published wait(const base::Uuid& id);
    ports::Published send_and_wait(const Command& command);
    [[nodiscard]] std::vector<contract::ReadOutcome> replies_to(const base::Uuid& id);

  private:
    struct Told {
        base::mutex mutex;
        base::condition changed;
        std::map<base::Uuid, std::size_t> sent STOCKROOM_GUARDED_BY(mutex);
        std::multimap<base::Uuid, ports::Published> published STOCKROOM_GUARDED_BY(mutex);
        std::multimap<base::Uuid, contract::ReadOutcome> replies STOCKROOM_GUARDED_BY(mutex);
    };

    std::shared_ptr<Told> told_ = std::make_shared<Told>();
    std::unique_ptr<ports::Publisher> publisher_;
};

/// Engines of all three services, each on a thread, on stores that `decorate` may wrap.
class Services {
  public:
    using Decorate =
        std::function<std::unique_ptr<ports::Store>(std::unique_ptr<ports::Store> store)>;
    explicit Services(World& world, const Decorate& decorate = nullptr);
    /// Stops.
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] std::string trouble() const;

  private:
    struct Workers;
    std::unique_ptr<Workers> workers_;
};

}  // namespace stockroom::system_test
