#include "stockroom/store_postgres/postgres.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "lead.hpp"
#include "queries.hpp"
#include "relay_log.hpp"
#include "session.hpp"
#include "store.hpp"

namespace stockroom::store_postgres {

namespace {

/// What is wrong with the URL, for people; empty: nothing.
std::string trouble_with(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(url.c_str(), &message), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> freed(message, &PQfreemem);
    if (options != nullptr) return {};
    return fmt::format("not a PostgreSQL URL: {}",
                       to_line(message != nullptr ? message : "no memory"));
}

class Database final : public PostgresDatabase {
  public:
    Database(std::string url, std::string service, telemetry::Metrics& metrics)
        : url_(std::move(url)), service_(std::move(service)), metrics_(metrics) {}

    [[nodiscard]] std::unique_ptr<ports::Store> make_store() override {
        return std::make_unique<PostgresStore>(target("store"));
    }
    [[nodiscard]] std::unique_ptr<ports::Queries> make_queries() override {
        return std::make_unique<PostgresQueries>(target("queries"));
    }
    [[nodiscard]] std::unique_ptr<ports::RelayLog> make_relay_log() override {
        return std::make_unique<PostgresRelayLog>(target("relay"));
    }
    [[nodiscard]] std::unique_ptr<ports::Lead> make_health_lead() override {
        return std::make_unique<PostgresHealthLead>(target("lead"));
    }

  private:
    [[nodiscard]] Target target(std::string_view connection) {
        return {
            .url = url_,
            .application = service_,
            .reconnects = metrics_.counter("stockroom_store_reconnects_total",
                                           "Connections to the store that were lost and made anew",
                                           {{"connection", connection}})};
    }

    const std::string url_;
    const std::string service_;
    telemetry::Metrics& metrics_;
};

}  // namespace

std::expected<std::shared_ptr<PostgresDatabase>, std::string> PostgresDatabase::make(
    const std::string& url, std::string service, telemetry::Metrics& metrics) {
    if (auto trouble = trouble_with(url); !trouble.empty())
        return std::unexpected(std::move(trouble));
    return std::make_shared<Database>(url, std::move(service), metrics);
}

}  // namespace stockroom::store_postgres
