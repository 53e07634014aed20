#include "store_url.hpp"

namespace stockroom {

std::expected<std::string, std::string> sqlite_path(std::string_view store_url) {
    constexpr std::string_view kScheme = "sqlite:";
    const std::string quoted = '"' + std::string(store_url) + '"';
    if (!store_url.starts_with(kScheme))
        return std::unexpected("--store-url: " + quoted +
                               " is no store that this program can use; give sqlite:PATH, like " +
                               std::string(kDefaultStoreUrl));
    const std::string_view path = store_url.substr(kScheme.size());
    if (path.empty() || path.starts_with("//") || path.find('\0') != std::string_view::npos)
        return std::unexpected("--store-url: " + quoted +
                               " has no path; give sqlite:PATH, like sqlite:/var/lib/stockroom.db");
    return std::string(path);
}

}  // namespace stockroom
