#include "stockroom/wiring/store_url.hpp"

#include <algorithm>
#include <vector>

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

/// Where the passwords stand, in their order.
struct Place {
    std::size_t at;
    std::size_t length;
};

std::vector<Place> passwords_in(std::string_view url) {
    std::vector<Place> places;
    // user:password@, as far as the last '@': a password may hold what should have been escaped.
    const auto scheme = url.find("://");
    const auto end_of_user = url.rfind('@');
    if (scheme != std::string_view::npos && end_of_user != std::string_view::npos) {
        const auto colon = url.find(':', scheme + 3);
        if (colon < end_of_user) places.push_back({colon + 1, end_of_user - colon - 1});
    }
    // password=… and sslpassword=…, which libpq knows as well.
    constexpr std::string_view kName = "password=";
    for (auto found = url.find(kName); found != std::string_view::npos;
         found = url.find(kName, found)) {
        found += kName.size();
        places.push_back({found, std::min(url.find_first_of("& ", found), url.size()) - found});
    }
    return places;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto found = text.find(what); found != std::string::npos;
         found = text.find(what, found + by.size()))
        text.replace(found, what.size(), by);
}

}  // namespace

std::string redact(std::string_view url) {
    std::string shown;
    std::size_t done = 0;
    for (const auto& [at, length] : passwords_in(url)) {
        // One may begin within the one before, and end behind it.
        if (at >= done) shown.append(url.substr(done, at - done)).append(kHidden);
        done = std::max(done, at + length);
    }
    return shown.append(url.substr(done));
}

std::string redact_in(std::string message, std::string_view url) {
    for (const auto& [at, length] : passwords_in(url))
        if (length > 0) replace_all(message, url.substr(at, length), kHidden);
    return message;
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

}  // namespace stockroom::wiring
