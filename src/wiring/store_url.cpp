#include "stockroom/wiring/store_url.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <utility>

#include <fmt/format.h>

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

std::expected<std::string, std::string> read_first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line))
        return std::unexpected(runtime::redact(path) + " cannot be read");
    while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
        line.pop_back();
    return line;
}

/// "STOCKROOM_STORE_URL", of "store-url".
std::string environment_of(std::string_view flag) {
    std::string name = "STOCKROOM_" + std::string(flag);
    std::ranges::replace(name, '-', '_');
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

}  // namespace

std::expected<std::string, std::string> read_url(std::string_view flag, const std::string& url,
                                                 const std::string& file) {
    if (!url.empty() && !file.empty())
        return std::unexpected(fmt::format("give --{0} or --{0}-file, not both", flag));
    if (!url.empty()) return url;
    if (file.empty())
        return std::unexpected(
            fmt::format("--{0} is missing: give it, or {1}, or --{0}-file; see --help", flag,
                        environment_of(flag)));
    auto line = read_first_line(file);
    if (!line) return std::unexpected(fmt::format("--{}-file: {}", flag, line.error()));
    if (line->empty()) return std::unexpected(fmt::format("--{}-file: {} is empty", flag, file));
    return line;
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
