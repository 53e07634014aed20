#include "embedded.hpp"

#include <optional>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/bus_memory/bus_memory.hpp"
#include "stockroom/catalogue/service.hpp"
#include "stockroom/contract/classic.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/health/service.hpp"
#include "stockroom/orders/service.hpp"
#include "stockroom/records/service.hpp"
#include "stockroom/stock/service.hpp"
#include "stockroom/store_sqlite/sqlite.hpp"
#include "stockroom/telemetry/metrics.hpp"
#include "stockroom/wiring/generator_options.hpp"

#include "queue_rates.hpp"

namespace stockroom {

namespace {

using Result = std::expected<void, ports::Error>;

/// Opens the store once for each who needs it, and keeps the first error.
class Opener {
  public:
    explicit Opener(store_sqlite::SqliteDatabase& database) : database_(database) {}

    [[nodiscard]] std::unique_ptr<ports::Store> store() { return keep(database_.make_store()); }
    [[nodiscard]] std::unique_ptr<ports::Queries> queries() {
        return keep(database_.make_queries());
    }
    /// Of all until now. When it is an error, some of them are null.
    [[nodiscard]] const Result& result() const { return result_; }

  private:
    template <typename Access>
    Access keep(std::expected<Access, ports::Error> opened) {
        if (opened) return std::move(*opened);
        if (result_) result_ = std::unexpected(std::move(opened.error()));
        return nullptr;
    }

    store_sqlite::SqliteDatabase& database_;
    Result result_;
};

}  // namespace

// What others stand on comes first, so that it is destroyed last.
struct Embedded::Parts {
    Parts(const Options& options, std::shared_ptr<store_sqlite::SqliteDatabase> opened)
        : database(std::move(opened)), bus(metrics, {.queue_max = options.queue_max}) {}

    [[nodiscard]] Result make_services(const Options& options);
    [[nodiscard]] Result make_health(const Options& options);
    [[nodiscard]] health::Options watched(const Options& options);
    /// REQUIRES: the services are made.
    [[nodiscard]] Result open_classic();
    [[nodiscard]] std::string trouble() const;
    /// What the order generator answers to the gateway.
    [[nodiscard]] gateway::PeerAnswer tell(const gateway::PeerRequest& request);

    telemetry::Metrics metrics;
    std::shared_ptr<store_sqlite::SqliteDatabase> database;
    bus_memory::MemoryBus bus;
    std::optional<catalogue::CatalogueService> catalogue;
    std::optional<stock::StockService> stock;
    std::optional<orders::OrdersService> orders;
    std::optional<health::HealthService> health;
    std::optional<records::RecordsService> records;
    std::optional<generator::Generator> generator;
    std::optional<gateway::Gateway> gateway;
    http::Address address;
};

Result Embedded::Parts::make_services(const Options& options) {
    const engine::OnFailure& on_failure = options.on_failure;
    Opener open(*database);
    auto for_catalogue = open.store();
    auto for_stock = open.store();
    auto for_orders = open.store();
    auto for_records = open.store();
    auto due_orders = open.queries();
    if (!open.result()) return open.result();

    catalogue.emplace(bus, std::move(for_catalogue), metrics, on_failure);
    stock.emplace(bus, std::move(for_stock), metrics, on_failure);
    orders.emplace(bus, std::move(for_orders), std::move(due_orders), metrics, on_failure);
    records.emplace(bus, std::move(for_records), metrics, on_failure);
    return make_health(options);
}

health::Options Embedded::Parts::watched(const Options& options) {
    health::Options watched;
    watched.interval = options.health_interval;
    watched.locals = {{.name = "catalogue", .trouble = [this] { return catalogue->trouble(); }},
                      {.name = "stock", .trouble = [this] { return stock->trouble(); }},
                      {.name = "orders", .trouble = [this] { return orders->trouble(); }},
                      {.name = "records", .trouble = [this] { return records->trouble(); }},
                      {.name = "generator", .trouble = [this] { return generator->trouble(); }}};
    for (const std::string_view queue : contract::kWatchedQueues)
        watched.queues.emplace_back(queue);
    watched.counted = {std::string(ports::kDeadQueue)};
    if (options.gateway.classic)
        for (const std::string_view queue : contract::kClassicQueues)
            watched.counted.emplace_back(queue);
    watched.local_figures = [rates = std::make_shared<QueueRates>(bus)](std::string_view queue) {
        return std::optional(rates->figures(queue));
    };
    return watched;
}

Result Embedded::Parts::make_health(const Options& options) {
    Opener open(*database);
    auto store = open.store();
    auto diary = open.store();
    auto written = open.queries();
    auto for_letters = open.store();
    auto letters = open.queries();
    auto asked = open.queries();
    if (!open.result()) return open.result();

    health::MonitorStore monitor_store{
        .ask = [queries = std::shared_ptr(std::move(asked))]() -> Result {
            auto head = queries->log_head();
            if (head) return {};
            return std::unexpected(std::move(head.error()));
        },
        .store = std::move(diary),
        .queries = std::move(written),
        .lead = nullptr};
    auto desk = std::make_unique<health::DeadLetterDesk>(bus, std::move(for_letters),
                                                         std::move(letters), metrics);
    health.emplace(bus, std::move(store), std::move(desk), metrics, options.on_failure);
    health->make_monitor(std::move(monitor_store), watched(options));
    return {};
}

Result Embedded::Parts::open_classic() {
    Opener open(*database);
    auto for_items = open.queries();
    auto for_records = open.queries();
    if (!open.result()) return open.result();

    const ingress::Ingress::Ways ways{.bus = bus, .classic = bus, .metrics = metrics};
    catalogue->serve_classic(ways);
    stock->serve_classic(ways);
    orders->serve_classic(ways, std::move(for_items));
    health->serve_classic(ways);
    records->serve_classic(ways, std::move(for_records));
    return {};
}

std::string Embedded::Parts::trouble() const {
    if (const std::string trouble = catalogue->trouble(); !trouble.empty())
        return "catalogue: " + trouble;
    if (const std::string trouble = stock->trouble(); !trouble.empty()) return "stock: " + trouble;
    if (const std::string trouble = orders->trouble(); !trouble.empty())
        return "orders: " + trouble;
    if (const std::string trouble = health->trouble(); !trouble.empty())
        return "health: " + trouble;
    if (const std::string trouble = records->trouble(); !trouble.empty())
        return "records: " + trouble;
    return {};
}

gateway::PeerAnswer Embedded::Parts::tell(const gateway::PeerRequest& request) {
    if (request.target.ends_with("/start")) generator->start();
    if (request.target.ends_with("/stop")) generator->stop();
    return {.status = 200, .body = generator->to_json()};
}

std::expected<std::unique_ptr<Embedded>, std::string> Embedded::start(Options options) {
    auto database = store_sqlite::SqliteDatabase::open(options.store_path);
    if (!database) return std::unexpected(std::move(database.error().detail));
    auto parts = std::make_unique<Parts>(options, std::move(*database));
    if (auto made = parts->make_services(options); !made)
        return std::unexpected(std::move(made.error().detail));

    if (options.gateway.classic) {
        if (auto opened = parts->open_classic(); !opened)
            return std::unexpected(std::move(opened.error().detail));
        options.gateway.classic_bus = &parts->bus;
    }
    options.gateway.health =
        gateway::Peer(gateway::Peer::Call([of = parts.get()](const gateway::PeerRequest&) {
            return gateway::PeerAnswer{.status = 200, .body = of->health->health_json()};
        }));
    options.gateway.trouble = [of = parts.get()] { return of->trouble(); };
    parts->generator.emplace(options.generator, parts->metrics);
    options.gateway.generator = gateway::Peer(
        [of = parts.get()](const gateway::PeerRequest& request) { return of->tell(request); });
    parts->gateway.emplace(
        parts->bus, [of = parts->database] { return of->make_queries(); },
        std::move(options.gateway), parts->metrics);
    parts->catalogue->start();
    parts->stock->start();
    parts->orders->start();
    parts->health->start();
    parts->records->start();
    auto address = parts->gateway->start();
    if (!address) return std::unexpected(std::move(address.error()));
    parts->address = std::move(*address);
    parts->generator->launch(wiring::url_of(parts->address));
    if (options.health_interval.count() > 0) {
        parts->health->watch({.name = "gateway", .url = wiring::url_of(parts->address)});
        parts->health->start_monitor();
    }
    return std::unique_ptr<Embedded>(new Embedded(std::move(parts)));
}

Embedded::Embedded(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Embedded::~Embedded() {
    stop();
}

const http::Address& Embedded::address() const {
    return parts_->address;
}

void Embedded::stop() {
    parts_->generator->shut_down();
    parts_->gateway->stop();
    parts_->records->stop();
    parts_->orders->stop();
    parts_->stock->stop();
    parts_->catalogue->stop();
    parts_->health->stop();  // it keeps what has died until now
    parts_->bus.close();
}

}  // namespace stockroom
