#include "response_head.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

namespace stockroom::http {

std::string_view DateLine::now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return at(std::chrono::floor<std::chrono::seconds>(since_epoch).count());
}

std::string_view DateLine::at(std::int64_t seconds) {
    if (seconds == seconds_) return line_;
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    line_ = fmt::format(
        "Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
        kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
        kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    seconds_ = seconds;
    return line_;
}

bool may_have_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

bool is_writable(const Response& response) {
    const auto is_visible = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7F) || c == '\t';
    };
    return std::ranges::all_of(response.content_type, is_visible) &&
           std::ranges::all_of(response.headers, [&](const auto& header) {
               return !header.first.empty() && std::ranges::all_of(header.second, is_visible) &&
                      std::ranges::all_of(header.first, [&](char c) {
                          return is_visible(c) && c != ':' && c != ' ' && c != '\t';
                      });
           });
}

void append_head(std::string& out, const Response& response, std::string_view date_line,
                 std::string_view request_id, Persistence persistence, Framing framing) {
    const auto append = [&out](auto... parts) { (out.append(parts), ...); };
    const auto status = static_cast<unsigned>(response.status);
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    const fmt::format_int status_digits(status);
    append("HTTP/1.1 ", std::string_view(status_digits.data(), status_digits.size()), " ",
           std::string_view(reason.data(), reason.size()), "\r\n", date_line);
    if (may_have_body(response.status)) {
        append("Content-Type: ", std::string_view(response.content_type), "\r\n");
        if (framing == Framing::length) {
            const fmt::format_int length(response.body.size());
            append("Content-Length: ", std::string_view(length.data(), length.size()), "\r\n");
        }
        if (framing == Framing::chunked) append("Transfer-Encoding: chunked\r\n");
    }
    append("X-Request-Id: ", request_id, "\r\nX-Content-Type-Options: nosniff\r\n");
    bool has_cache_control = false;
    for (const auto& [name, value] : response.headers) {
        append(std::string_view(name), ": ", std::string_view(value), "\r\n");
        has_cache_control = has_cache_control || boost::beast::iequals(name, "cache-control");
    }
    if (!has_cache_control) append("Cache-Control: no-store\r\n");
    if (persistence == Persistence::close) append("Connection: close\r\n");
    if (persistence == Persistence::keep_1_0) append("Connection: keep-alive\r\n");
    append("\r\n");
}

}  // namespace stockroom::http
