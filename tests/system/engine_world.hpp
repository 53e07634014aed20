#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stockroom/base/mutex.hpp"
#include "stockroom/bus_memory/bus_memory.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/engine/worker.hpp"
#include "stockroom/ports/audit.hpp"
#include "stockroom/store_sqlite/sqlite.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::system {

constexpr std::chrono::seconds kPatience{120};

inline domain::Sku sku(std::string_view text) {
    return domain::Sku::parse(text).value();
}

inline domain::Command command(domain::CommandBody body) {
    return {.id = base::Uuid::make_v7(base::Time::now()),
            .actor = "anonymous",
            .at = std::nullopt,
            .body = std::move(body)};
}

inline domain::Command create(std::string_view name, domain::Quantity opening) {
    domain::CreateItem wish{.sku = sku(name),
                            .name = "",
                            .label = "",
                            .price = base::Money::from_minor(250),
                            .reorder_point = 0,
                            .opening = {}};
    if (opening > 0) wish.opening = {{domain::LocationCode::main(), opening}};
    return command(wish);
}

inline domain::Command order(std::string_view name, domain::Quantity quantity,
                             std::chrono::seconds expires_in = domain::kDefaultHoldTime) {
    return command(domain::PlaceOrder{.customer = "",
                                      .lines = {{sku(name), quantity}},
                                      .reference = "",
                                      .expires_in = expires_in});
}

/// Sends commands, and collects what the bus and the services say of them.
class Client {
  public:
    explicit Client(ports::Bus& bus)
        : publisher_(bus.make_publisher(
              [this](std::vector<ports::Reply> replies) { note(std::move(replies)); })) {}

    void send(const domain::Command& command) {
        send_bytes(contract::queue_of(command.kind()), command.id,
                   contract::encode_command(command));
    }
    void send_bytes(std::string_view queue, const base::Uuid& id, std::string bytes) {
        {
            const base::lock_guard lock(mutex_);
            ++under_way_;
        }
        publisher_->publish(queue, id, std::move(bytes), true, [this](ports::Published published) {
            const base::lock_guard lock(mutex_);
            ++published_[published];
            --under_way_;
            changed_.notify_all();
        });
    }

    /// Until the bus has said the last of everything that was sent.
    void wait() {
        const auto deadline = base::in(kPatience);
        const base::lock_guard lock(mutex_);
        while (under_way_ > 0) {
            if (!changed_.wait_until(mutex_, deadline)) FAIL() << under_way_ << " are under way";
        }
    }
    void send_and_wait(const domain::Command& command) {
        send(command);
        wait();
    }

    [[nodiscard]] int count(ports::Published published) {
        const base::lock_guard lock(mutex_);
        return published_[published];
    }
    /// The wire name of the last outcome that was replied; empty when none was.
    [[nodiscard]] std::string outcome(const base::Uuid& id) {
        const base::lock_guard lock(mutex_);
        const auto found = outcomes_.find(id);
        return found == outcomes_.end() ? "" : found->second.back();
    }
    /// How many commands were told two outcomes that differ.
    [[nodiscard]] std::ptrdiff_t count_contradictions() {
        const base::lock_guard lock(mutex_);
        return std::ranges::count_if(outcomes_, [](const auto& entry) {
            return std::set(entry.second.begin(), entry.second.end()).size() > 1;
        });
    }

  private:
    void note(std::vector<ports::Reply> replies) {
        const base::lock_guard lock(mutex_);
        for (const auto& reply : replies) {
            const auto read = contract::decode_outcome(reply.bytes);
            outcomes_[reply.command].emplace_back(read ? contract::to_string(read->outcome.code)
                                                       : "unreadable");
        }
    }

    base::mutex mutex_;
    base::condition changed_;
    int under_way_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::map<ports::Published, int> published_ STOCKROOM_GUARDED_BY(mutex_);
    std::map<base::Uuid, std::vector<std::string>> outcomes_ STOCKROOM_GUARDED_BY(mutex_);
    const std::unique_ptr<ports::Publisher> publisher_;
};

/// How a test changes the store that an engine works on.
using Wrap = std::function<std::unique_ptr<ports::Store>(std::unique_ptr<ports::Store>)>;

/// A bus in memory and a store on disk, with an engine for each queue.
class World {
  public:
    explicit World(bus_memory::Options options = {}, const Wrap& wrap = {})
        : folder_(make_folder()),
          database_(store_sqlite::SqliteDatabase::open(path()).value()),
          queries_(database_->make_queries().value()),
          bus_(metrics_, std::move(options)) {
        start(wrap);
    }
    ~World() {
        stop();
        queries_.reset();
        database_.reset();
        std::filesystem::remove_all(folder_);
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void start(const Wrap& wrap = {}) {
        for (const auto queue :
             {contract::kCatalogueQueue, contract::kStockQueue, contract::kOrdersQueue}) {
            auto store = database_->make_store().value();
            if (wrap) store = wrap(std::move(store));
            workers_.push_back(std::make_unique<engine::Worker>(
                engine::EngineOptions{.service = std::string(queue), .queue = std::string(queue)},
                bus_, std::move(store), metrics_));
            workers_.back()->start();
        }
    }
    void stop() { workers_.clear(); }

    [[nodiscard]] std::string path() const { return (folder_ / "store.db").string(); }
    [[nodiscard]] bus_memory::MemoryBus& bus() { return bus_; }
    [[nodiscard]] telemetry::Metrics& metrics() { return metrics_; }
    [[nodiscard]] ports::Queries& queries() { return *queries_; }
    [[nodiscard]] store_sqlite::SqliteDatabase& database() { return *database_; }

    [[nodiscard]] domain::ItemView item(std::string_view name) {
        return queries_->item(sku(name)).value().value();
    }
    /// The wire name of the outcome that is stored; empty when there is none.
    [[nodiscard]] std::string stored_outcome(const base::Uuid& id) {
        const auto stored = queries_->outcome(id).value();
        if (!stored) return "";
        return std::string(
            contract::to_string(contract::decode_outcome(stored->bytes)->outcome.code));
    }
    /// What is wrong with the books; empty when they are right.
    [[nodiscard]] std::string audit() const {
        const auto source = store_sqlite::open_audit(path()).value();
        std::string wrong;
        const auto read = source->levels([&wrong](const ports::LevelAudit& level) {
            const bool is_right = level.exists && level.held >= 0 && level.held <= level.on_hand &&
                                  level.moved == level.on_hand && level.open_lines == level.held;
            if (!is_right)
                wrong += fmt::format("{}: {} on hand, {} moved, {} held, {} in lines; ", level.sku,
                                     level.on_hand, level.moved, level.held, level.open_lines);
        });
        return read ? wrong : read.error().detail;
    }

  private:
    static std::filesystem::path make_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stockroom-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        return name;
    }

    std::filesystem::path folder_;
    telemetry::Metrics metrics_;
    std::shared_ptr<store_sqlite::SqliteDatabase> database_;
    std::unique_ptr<ports::Queries> queries_;
    bus_memory::MemoryBus bus_;
    std::vector<std::unique_ptr<engine::Worker>> workers_;
};

}  // namespace stockroom::system
