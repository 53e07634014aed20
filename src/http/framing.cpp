#include "framing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include <boost/beast/core/string.hpp>

#include "percent.hpp"

namespace stockroom::http {
namespace {

using boost::beast::iequals;
using Checked = std::expected<void, Problem>;

/// Octets by number, for the classes of characters that RFC 9110 names.
using Class = std::array<bool, 256>;

constexpr Class class_of(std::string_view members) {
    Class result{};
    for (char c = 'a'; c <= 'z'; ++c)
        result[static_cast<std::size_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c)
        result[static_cast<std::size_t>(c)] = true;
    for (char c = '0'; c <= '9'; ++c)
        result[static_cast<std::size_t>(c)] = true;
    for (const char c : members)
        result[static_cast<std::size_t>(c)] = true;
    return result;
}

constexpr Class kToken = class_of("!#$%&'*+-.^_`|~");           // RFC 9110 section 5.6.2
constexpr Class kTarget = class_of("-._~!$&'()*+,;=:@/?%[]|");  // RFC 3986, and what browsers send
constexpr Class kHost = class_of("-._~!$&'()*+;=:%[]");         // RFC 3986 section 3.2, no userinfo

bool all_in(std::string_view text, const Class& allowed) {
    return std::ranges::all_of(text,
                               [&](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

/// RFC 9110 section 5.5: tab, space, visible ASCII and the upper half.
bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::unexpected<Problem> malformed(std::string detail) {
    return std::unexpected(Problem{.status = 400,
                                   .type = "malformed_request",
                                   .title = "The request is malformed",
                                   .detail = std::move(detail)});
}

std::unexpected<Problem> header_too_large(std::string detail) {
    return std::unexpected(Problem{.status = 431,
                                   .type = "header_too_large",
                                   .title = "The header is too large",
                                   .detail = std::move(detail)});
}

std::unexpected<Problem> target_too_long(const Limits& limits) {
    return std::unexpected(
        Problem{.status = 414,
                .type = "target_too_long",
                .title = "The request target is too long",
                .detail = "At most " + std::to_string(limits.target_bytes) + " bytes are taken."});
}

Checked check_version(std::string_view version) {
    if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]))
        return malformed("The request line must end in HTTP/1.1 or HTTP/1.0.");
    return std::unexpected(Problem{.status = 505,
                                   .type = "version_not_supported",
                                   .title = "This version of HTTP is not supported",
                                   .detail = "HTTP/1.1 and HTTP/1.0 are."});
}

Checked check_method(std::string_view method) {
    static constexpr std::array<std::string_view, 9> kKnown{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};
    if (std::ranges::find(kKnown, method) != kKnown.end()) return {};
    return std::unexpected(Problem{.status = 501,
                                   .type = "method_not_implemented",
                                   .title = "The method is not known",
                                   .detail = "Methods are case-sensitive."});
}

Checked check_target(std::string_view target, const Limits& limits) {
    if (target.size() > limits.target_bytes) return target_too_long(limits);
    if (!target.starts_with('/'))
        return malformed("The request target must be a path that starts with '/'.");
    if (!all_in(target, kTarget))
        return malformed("The request target holds a character that must be percent-encoded.");
    if (!has_sound_escapes(target))
        return malformed("The request target holds a cut or forbidden percent-escape.");
    return {};
}

/// What the fields seen so far say about where the request ends and whom it is for.
struct Seen {
    bool http_1_0 = false;
    int hosts = 0;
    int content_lengths = 0;
    int transfer_encodings = 0;
};

Checked check_content_length(std::string_view value) {
    std::uint64_t length = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc{} || stop != value.data() + value.size() || length > INT64_MAX)
        return malformed("Content-Length must be one whole number.");
    return {};
}

Checked check_known_field(std::string_view name, std::string_view value, Seen& seen) {
    if (iequals(name, "host")) {
        ++seen.hosts;
        if (!all_in(value, kHost)) return malformed("The Host header must be one host.");
    } else if (iequals(name, "content-length")) {
        ++seen.content_lengths;
        return check_content_length(value);
    } else if (iequals(name, "transfer-encoding")) {
        ++seen.transfer_encodings;
        if (!iequals(value, "chunked"))
            return malformed("The only transfer encoding taken is chunked.");
    }
    return {};
}

Checked check_field(std::string_view line, Seen& seen) {
    if (line.starts_with(' ') || line.starts_with('\t'))
        return malformed("A header line must not be folded.");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("A header line has no colon.");
    const std::string_view name = line.substr(0, colon);
    if (name.empty() || !all_in(name, kToken))
        return malformed("A header's name must be a token, right before its colon.");
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return malformed("A header's value holds a control character.");
    return check_known_field(name, value, seen);
}

Checked check_together(const Seen& seen) {
    if (seen.hosts > 1) return malformed("There is more than one Host header.");
    if (seen.hosts == 0 && !seen.http_1_0) return malformed("The Host header is missing.");
    if (seen.content_lengths > 1) return malformed("There is more than one Content-Length.");
    if (seen.transfer_encodings > 1) return malformed("There is more than one Transfer-Encoding.");
    if (seen.transfer_encodings == 0) return {};
    if (seen.http_1_0) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    if (seen.content_lengths > 0)
        return malformed("Transfer-Encoding and Content-Length exclude each other.");
    return {};
}

}  // namespace

std::expected<void, Problem> check_request_line(std::string_view line, const Limits& limits) {
    const auto method_end = line.find(' ');
    const auto target_end = line.rfind(' ');
    const std::string_view method = line.substr(0, method_end);
    if (method.empty() || !all_in(method, kToken))
        return malformed("The request line must start with a method.");
    if (method_end == target_end)
        return malformed("The request line must be a method, a target and a version.");
    if (const auto checked = check_version(line.substr(target_end + 1)); !checked) return checked;
    if (const auto checked = check_method(method); !checked) return checked;
    return check_target(line.substr(method_end + 1, target_end - method_end - 1), limits);
}

std::expected<void, Problem> check_framing(std::string_view block, const Limits& limits) {
    Seen seen;
    std::size_t lines = 0;
    for (std::size_t start = 0; start < block.size(); ++lines) {
        const auto end = block.find('\n', start);
        if (end == std::string_view::npos || end == start || block[end - 1] != '\r')
            return malformed("Lines must end in CR LF.");
        const std::string_view line = block.substr(start, end - 1 - start);
        start = end + 1;
        if (lines == 0) {
            if (const auto checked = check_request_line(line, limits); !checked) return checked;
            seen.http_1_0 = line.ends_with("HTTP/1.0");
        } else if (line.empty()) {
            if (start != block.size()) return malformed("The header goes on past its empty line.");
            return check_together(seen);
        } else if (lines > limits.header_fields) {
            return header_too_large("At most " + std::to_string(limits.header_fields) +
                                    " header lines are taken.");
        } else if (const auto checked = check_field(line, seen); !checked) {
            return checked;
        }
    }
    return malformed("The header does not end in an empty line.");
}

std::expected<std::size_t, Problem> HeaderScan::advance(std::string_view bytes,
                                                        const Limits& limits) {
    for (auto end = bytes.find('\n', scanned_); end != std::string_view::npos;
         end = bytes.find('\n', scanned_)) {
        if (end == line_start_ || bytes[end - 1] != '\r')
            return malformed("Lines must end in CR LF.");
        const std::string_view line = bytes.substr(line_start_, end - 1 - line_start_);
        const bool first = line_start_ == 0;
        line_start_ = scanned_ = end + 1;
        if (scanned_ > limits.header_bytes) break;
        if (first) {
            if (const auto checked = check_request_line(line, limits); !checked)
                return std::unexpected(checked.error());
        } else if (line.empty()) {
            const auto checked = check_framing(bytes.substr(0, scanned_), limits);
            if (!checked) return std::unexpected(checked.error());
            return scanned_;
        }
    }
    scanned_ = bytes.size();
    if (const auto checked = check_unfinished(bytes, limits); !checked)
        return std::unexpected(checked.error());
    return 0;
}

std::expected<void, Problem> HeaderScan::check_unfinished(std::string_view bytes,
                                                          const Limits& limits) const {
    constexpr std::size_t kMethodBytes = 32;
    if (line_start_ == 0) {
        const std::string_view method = bytes.substr(0, std::min(bytes.find(' '), kMethodBytes));
        if (!all_in(method, kToken)) return malformed("The request line must start with a method.");
        if (bytes.size() > limits.target_bytes + kMethodBytes) return target_too_long(limits);
    }
    if (bytes.size() > limits.header_bytes)
        return header_too_large("At most " + std::to_string(limits.header_bytes) +
                                " bytes of header are taken.");
    return {};
}

}  // namespace stockroom::http
