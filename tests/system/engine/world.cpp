#include "world.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "stockroom/contract/names.hpp"
#include "stockroom/engine/worker.hpp"

namespace stockroom::system_test {

using namespace std::chrono_literals;

namespace {

std::filesystem::path make_folder() {
    auto name = (std::filesystem::temp_directory_path() / "stockroom-engine-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test");
    return name;
}

template <typename T>
T must(std::expected<T, ports::Error> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    return *std::move(result);
}

}  // namespace

base::Deadline patience() {
    return base::in(60s);
}

bool eventually(const std::function<bool()>& is_so) {
    const auto deadline = patience();
    base::mutex mutex;
    base::condition never;
    const base::lock_guard lock(mutex);
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        (void)never.wait_until(mutex, base::in(1ms));
    }
    return true;
}

domain::Sku sku(std::string_view text) {
    return domain::Sku::parse(text).value();
}

Command of(domain::CommandBody body) {
    return {.id = base::Uuid::make_v7(base::Time::now()),
            .actor = "user:test",
            .at = std::nullopt,
            .body = std::move(body)};
}

Command create_item(const domain::Sku& sku, Quantity opening) {
    domain::CreateItem body{.sku = sku,
                            .name = "",
                            .label = "",
                            .price = base::Money::from_minor(250),
                            .reorder_point = 0,
                            .opening = {}};
    if (opening > 0) body.opening.push_back({domain::LocationCode::main(), opening});
    return of(std::move(body));
}

Command receive(const domain::Sku& sku, Quantity quantity) {
    return of(domain::ReceiveStock{sku, domain::LocationCode::main(), quantity, "", ""});
}

Command adjust(const domain::Sku& sku, Quantity quantity) {
    return of(domain::AdjustStock{sku, domain::LocationCode::main(), quantity, "", ""});
}

Command place(const domain::Sku& sku, Quantity quantity) {
    return place(domain::PlaceOrder{
        .customer = "c-1", .lines = {{sku, quantity}}, .confirm = false, .reference = ""});
}

Command place(domain::PlaceOrder order) {
    return of(std::move(order));
}

World::World(bus_memory::Options bus_options)
    : folder_(make_folder()),
      bus_(metrics_, std::move(bus_options)),
      database_(must(store_sqlite::SqliteDatabase::open(folder_ / "stockroom.db"))),
      queries_(must(database_->make_queries())) {}

World::~World() {
    queries_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<ports::Store> World::make_store() {
    return must(database_->make_store());
}
std::unique_ptr<ports::Queries> World::make_queries() {
    return must(database_->make_queries());
}

domain::ItemView World::item(const domain::Sku& sku) {
    return must(queries_->item(sku)).value();
}

std::optional<domain::Outcome> World::outcome(const base::Uuid& command) {
    const auto stored = must(queries_->outcome(command));
    if (!stored) return std::nullopt;
    const auto read = contract::decode_outcome(stored->bytes);
    EXPECT_TRUE(read.has_value()) << stored->bytes;
    EXPECT_EQ(read->id, command);
    return read->outcome;
}

std::string World::outcome_name(const base::Uuid& command) {
    const auto found = outcome(command);
    return found ? std::string(contract::to_string(found->code)) : "none";
}

std::optional<domain::DeadLetter> World::dead(const base::Uuid& command) {
    return must(queries_->dead_letter(command, 1'000'000));
}

std::vector<ports::LoggedEvent> World::events() {
    std::vector<ports::LoggedEvent> all;
    while (true) {
        auto page = must(queries_->events_after(all.empty() ? 0 : all.back().position, 1'000));
        if (page.empty()) return all;
        std::ranges::move(page, std::back_inserter(all));
    }
}

void World::expect_sound() {
    const auto audit = must(store_sqlite::open_audit(folder_ / "stockroom.db"));
    must(audit->levels([](const ports::LevelAudit& level) {
        SCOPED_TRACE(level.sku + " at " + level.location);
        EXPECT_TRUE(level.exists);
        EXPECT_EQ(level.on_hand, level.moved);
        EXPECT_EQ(level.held, level.open_lines);
        EXPECT_GE(level.held, 0);
        EXPECT_LE(level.held, level.on_hand);
    }));
    std::int64_t last = 0;
    std::map<std::string, std::int64_t> versions;
    must(audit->events([&](const ports::EventAudit& event) {
        SCOPED_TRACE(event.type + " " + event.key);
        EXPECT_EQ(event.position, ++last);
        EXPECT_TRUE(event.has_actor);
        EXPECT_TRUE(event.has_outcome);
        const auto earlier = std::exchange(versions[event.key], event.version);
        EXPECT_GT(event.version, earlier);
    }));
    EXPECT_EQ(must(audit->log_head()), last);
}

Client::Client(World& world)
    : publisher_(world.bus().make_publisher([told = told_](std::vector<std::string> replies) {
          const base::lock_guard lock(told->mutex);
          for (const auto& reply : replies) {
              for (const auto& read : contract::decode_outcomes(reply))
                  told->replies.emplace(read.value().id, read.value());
          }
      })) {}

void Client::send(const Command& command) {
    send_bytes(contract::queue_of(command.kind()), command.id, contract::encode_command(command));
}

void Client::send_bytes(std::string_view queue, const base::Uuid& id, std::string bytes) {
    {
        const base::lock_guard lock(told_->mutex);
        ++told_->sent[id];
    }
    publisher_->publish(queue, id, std::move(bytes), true,
                        [told = told_, id](ports::Published what) {
                            const base::lock_guard lock(told->mutex);
                            told->published.emplace(id, what);
                            told->changed.notify_all();
                        });
}

ports::Published Client::wait(const base::Uuid& id) {
    const auto deadline = patience();
    const base::lock_guard lock(told_->mutex);
    while (told_->published.count(id) < told_->sent[id]) {
        if (!told_->changed.wait_until(told_->mutex, deadline)) {
            ADD_FAILURE() << "nothing was told of " << id.to_string();
            return ports::Published::unknown;
        }
    }
    return told_->published.find(id)->second;
}

ports::Published Client::send_and_wait(const Command& command) {
    send(command);
    return wait(command.id);
}

std::vector<contract::ReadOutcome> Client::replies_to(const base::Uuid& id) {
    const base::lock_guard lock(told_->mutex);
    std::vector<contract::ReadOutcome> all;
    const auto [begin, end] = told_->replies.equal_range(id);
    for (auto reply = begin; reply != end; ++reply)
        all.push_back(reply->second);
    return all;
}

struct Services::Workers {
    std::vector<std::unique_ptr<engine::Worker>> all;
};

Services::Services(World& world, const Decorate& decorate) : workers_(std::make_unique<Workers>()) {
    for (const auto queue :
         {contract::kCatalogueQueue, contract::kStockQueue, contract::kOrdersQueue}) {
        auto store = world.make_store();
        if (decorate) store = decorate(std::move(store));
        workers_->all.push_back(std::make_unique<engine::Worker>(
            engine::EngineOptions{.service = std::string(queue.substr(queue.find('.') + 1)),
                                  .queue = std::string(queue),
                                  .backoff_max = 20ms},
            world.bus(), std::move(store), world.metrics()));
        workers_->all.back()->start();
    }
}

Services::~Services() = default;

std::string Services::trouble() const {
    std::string all;
    for (const auto& worker : workers_->all)
        all += worker->trouble();
    return all;
}

}  // namespace stockroom::system_test
