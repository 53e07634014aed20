#include "stockroom/runtime/redact.hpp"

#include <algorithm>
#include <vector>

namespace stockroom::runtime {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr auto npos = std::string_view::npos;

/// Where the passwords stand, in their order.
struct Place {
    std::size_t at;
    std::size_t length;
};

/// Behind "scheme://"; without one, at the beginning.
std::size_t begin_of_user(std::string_view url) {
    const auto scheme = url.find("://");
    return scheme == npos ? 0 : scheme + 3;
}

bool is_file(std::string_view url) {
    return url.find("sqlite:") != npos && url.find("://") == npos;
}

std::vector<Place> passwords_in(std::string_view url) {
    std::vector<Place> places;
    // user:password@, as far as the last '@': a password may hold what should have been escaped.
    const auto end_of_user = url.rfind('@');
    if (end_of_user != npos && !is_file(url)) {
        const auto colon = url.find(':', begin_of_user(url));
        if (colon < end_of_user) places.push_back({colon + 1, end_of_user - colon - 1});
    }
    // password=… and sslpassword=…, which libpq knows as well.
    constexpr std::string_view kName = "password=";
    for (auto found = url.find(kName); found != npos; found = url.find(kName, found)) {
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

/// Whether a part of the query has an '@' that is in no value: the query began within a password.
bool is_cut_query(std::string_view query) {
    while (!query.empty()) {
        const auto part = query.substr(0, query.find('&'));
        if (const auto at = part.find('@'); at != npos && part.find('=') > at) return true;
        query.remove_prefix(std::min(part.size() + 1, query.size()));
    }
    return false;
}

bool is_number(std::string_view text) {
    return text.find_first_not_of("0123456789") == npos;
}

bool has_bare_password(std::string_view url) {
    if (url.find_first_of(kBlanks) != npos) return true;
    const auto rest = url.substr(begin_of_user(url));
    const auto query_at = std::min(rest.find('?'), rest.size());
    const auto before_query = rest.substr(0, query_at);
    const auto query = rest.substr(std::min(query_at + 1, rest.size()));
    if (before_query.find('#') != npos) return true;

    const auto authority = before_query.substr(0, before_query.find('/'));
    const auto path = before_query.substr(authority.size());
    const auto colon = authority.find(':');
    if (colon == npos) return false;
    if (std::ranges::count(authority, '@') > 1 || path.find('@') != npos) return true;
    const bool has_user = authority.find('@') != npos;
    // host:port, unless a password was cut off here.
    const bool has_port = has_user || is_number(authority.substr(authority.rfind(':') + 1));
    return query.find('@') != npos && (!has_port || is_cut_query(query));
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
    if (!url.empty()) replace_all(message, url, redact(url));
    for (const auto& [at, length] : passwords_in(url))
        if (length > 0) replace_all(message, url.substr(at, length), kHidden);
    return message;
}

std::string redact_words(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const auto begin = std::min(text.find_first_not_of(kBlanks), text.size());
        shown.append(text.substr(0, begin));
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(kBlanks), text.size());
        shown.append(redact(text.substr(0, end)));
        text.remove_prefix(end);
    }
    return shown;
}

std::expected<void, std::string> require_encoded_password(std::string_view url) {
    if (!has_bare_password(url)) return {};
    return std::unexpected(
        "its password holds a character that a URL must not; percent-encode it: @ is %40, / is "
        "%2F, # is %23, ? is %3F, a blank is %20");
}

}  // namespace stockroom::runtime
