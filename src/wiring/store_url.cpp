#include "stockroom/wiring/store_url.hpp"

#include "stockroom/runtime/redact.hpp"

namespace stockroom::wiring {

namespace {

constexpr std::string_view kSqliteScheme = "sqlite:";

bool is_postgres(std::string_view url) {
    return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

std::string complain(std::string_view url, std::string_view what) {
    return "--store-url: \"" + runtime::redact(url) + "\" " + std::string(what);
}

}  // namespace

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
    if (is_postgres(store_url)) {
        if (auto encoded = runtime::require_encoded_password(store_url); !encoded)
            return std::unexpected(complain(store_url, "cannot be used: " + encoded.error()));
        return std::string(store_url);
    }
    return std::unexpected(
        complain(store_url,
                 "is no store that this program can use; give postgres://USER@HOST:PORT/DATABASE, "
                 "like postgres://stockroom@127.0.0.1:5432/stockroom"));
}

}  // namespace stockroom::wiring
