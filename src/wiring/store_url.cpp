#include "stockroom/wiring/store_url.hpp"

#include "stockroom/store_postgres/postgres.hpp"

namespace stockroom::wiring {

namespace {

constexpr std::string_view kSqliteScheme = "sqlite:";
constexpr std::string_view kHidden = "***";

bool is_postgres(std::string_view url) {
    return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

std::string complain(std::string_view url, std::string_view what) {
    return "--store-url: \"" + redact(url) + "\" " + std::string(what);
}

/// user:password@, as far as the last '@': a password may hold what should have been escaped.
void hide_user_password(std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return;
    const auto user = scheme + 3;
    const auto at = url.rfind('@');
    const auto colon = url.find(':', user);
    if (at == std::string::npos || colon == std::string::npos || colon > at) return;
    url.replace(colon + 1, at - colon - 1, kHidden);
}

/// password=… and sslpassword=…, which libpq knows as well.
void hide_parameters(std::string& url) {
    constexpr std::string_view kName = "password=";
    for (auto found = url.find(kName); found != std::string::npos; found = url.find(kName, found)) {
        found += kName.size();
        const auto end = url.find_first_of("& ", found);
        url.replace(found, end == std::string::npos ? end : end - found, kHidden);
    }
}

}  // namespace

std::string redact(std::string_view url) {
    std::string shown(url);
    hide_user_password(shown);
    hide_parameters(shown);
    return shown;
}

std::expected<std::string, std::string> sqlite_path(std::string_view store_url) {
    if (!store_url.starts_with(kSqliteScheme))
        return std::unexpected(
            complain(store_url, "is no store that this program can use; give sqlite:PATH, like " +
                                    std::string(kDefaultStoreUrl)));
    const std::string_view path = store_url.substr(kSqliteScheme.size());
    if (path.empty() || path.starts_with("//") || path.find('\0') != std::string_view::npos)
        return std::unexpected(complain(
            store_url, "has no path; give sqlite:PATH, like sqlite:/var/lib/stockroom.db"));
    return std::string(path);
}

std::expected<std::string, std::string> postgres_url(std::string_view store_url) {
    if (is_postgres(store_url)) return std::string(store_url);
    return std::unexpected(
        complain(store_url,
                 "is no store that this program can use; give postgres://USER@HOST:PORT/DATABASE, "
                 "like postgres://stockroom@127.0.0.1:5432/stockroom"));
}

std::expected<std::pair<int, int>, ports::Error> migrate(const std::string& postgres_url) {
    auto migrated = store_postgres::migrate(postgres_url);
    if (!migrated) return std::unexpected(std::move(migrated.error()));
    return std::pair(migrated->from, migrated->to);
}

}  // namespace stockroom::wiring
