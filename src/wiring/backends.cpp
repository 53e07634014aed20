#include "backends.hpp"

#include <utility>

#include "stockroom/runtime/redact.hpp"

namespace stockroom::wiring {

std::expected<std::unique_ptr<Backends>, std::string> Backends::open(std::string_view service,
                                                                     const Settings& settings,
                                                                     const Wrap& wrap) {
    const std::string name = "stockroom-" + std::string(service);
    std::unique_ptr<Backends> opened(new Backends(wrap, settings.classic));
    auto store = store_postgres::PostgresDatabase::make(settings.store_url, name, opened->metrics_);
    if (!store)
        return std::unexpected("--store-url: " +
                               runtime::redact_in(std::move(store.error()), settings.store_url));
    opened->store_ = *std::move(store);

    bus_amqp::Options options;
    options.url = settings.bus_url;
    options.ca_file = settings.bus_ca_file;
    options.service = name;
    auto bus = bus_amqp::AmqpBus::make(std::move(options), opened->metrics_);
    if (!bus)
        return std::unexpected("--bus-url: " +
                               runtime::redact_in(std::move(bus.error()), settings.bus_url));
    opened->bus_ = *std::move(bus);
    if (wrap.bus) opened->wrapped_bus_ = wrap.bus(*opened->bus_);
    return opened;
}

std::unique_ptr<ports::Store> Backends::make_store() {
    auto store = store_->make_store();
    return wrap_.store ? wrap_.store(std::move(store)) : std::move(store);
}

}  // namespace stockroom::wiring
