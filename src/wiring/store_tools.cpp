#include "stockroom/wiring/store_tools.hpp"

#include "stockroom/runtime/redact.hpp"
#include "stockroom/store_postgres/postgres.hpp"
#include "stockroom/store_sqlite/sqlite.hpp"
#include "stockroom/wiring/store_url.hpp"

namespace stockroom::wiring {

namespace {

ports::Error redact_in(ports::Error error, std::string_view url) {
    error.detail = runtime::redact_in(std::move(error.detail), url);
    return error;
}

}  // namespace

std::expected<std::unique_ptr<ports::AuditSource>, ports::Error> open_audit(
    std::string_view store_url) {
    if (const auto url = postgres_url(store_url)) {
        auto source = store_postgres::open_audit(*url);
        if (!source) return std::unexpected(redact_in(std::move(source.error()), *url));
        return source;
    } else if (store_url.starts_with("postgres://") || store_url.starts_with("postgresql://")) {
        return std::unexpected(ports::Error{ports::ErrorKind::permanent, url.error()});
    }
    const auto path = sqlite_path(store_url);
    if (path) return store_sqlite::open_audit(*path);
    if (store_url.starts_with("sqlite:"))
        return std::unexpected(ports::Error{ports::ErrorKind::permanent, path.error()});
    return std::unexpected(ports::Error{ports::ErrorKind::permanent,
                                        "--store-url: \"" + runtime::redact(store_url) +
                                            "\" is no known kind of store; give sqlite:PATH or "
                                            "postgres://USER@HOST:PORT/DATABASE"});
}

std::expected<std::pair<int, int>, ports::Error> migrate(const std::string& postgres_url) {
    auto migrated = store_postgres::migrate(postgres_url);
    if (!migrated) return std::unexpected(redact_in(std::move(migrated.error()), postgres_url));
    return std::pair(migrated->from, migrated->to);
}

}  // namespace stockroom::wiring
