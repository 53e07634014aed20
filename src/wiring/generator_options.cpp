#include "stockroom/wiring/generator_options.hpp"

#include <charconv>
#include <map>
#include <string>

#include <fmt/format.h>

#include "stockroom/base/check.hpp"

namespace stockroom::wiring {

namespace {

using generator::Placed;
using std::chrono::milliseconds;

constexpr milliseconds kLongest{std::chrono::hours(1)};

std::string to_text(milliseconds interval) {
    return interval % std::chrono::seconds(1) == milliseconds(0)
               ? fmt::format("{}s", interval / std::chrono::seconds(1))
               : fmt::format("{}ms", interval.count());
}

std::string read_interval(const std::string& text, generator::Options& options) {
    const auto interval = parse_interval(text);
    if (!interval) return "must be a time from 1ms to 1h, like 500ms, 2s or 1m";
    options.every = *interval;
    return "";
}

}  // namespace

std::optional<milliseconds> parse_interval(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || number < 1 || number > kLongest.count()) return std::nullopt;
    const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
    milliseconds interval{0};
    if (unit == "ms") interval = milliseconds(number);
    if (unit == "s") interval = std::chrono::seconds(number);
    if (unit == "m") interval = std::chrono::minutes(number);
    if (unit == "h") interval = std::chrono::hours(number);
    if (interval < milliseconds(1) || interval > kLongest) return std::nullopt;
    return interval;
}

void add_generator_options(CLI::App& command, std::string_view prefix,
                           generator::Options& options) {
    const auto name = [prefix](std::string_view flag) {
        return fmt::format("--{}{}", prefix, flag);
    };
    command
        .add_option_function<std::string>(
            name("every"), [](const std::string&) {}, "An order is made so often: from 1ms to 1h")
        ->check(CLI::Validator(
            [&options](const std::string& text) { return read_interval(text, options); }, ""))
        ->type_name("INTERVAL")
        ->default_str(to_text(options.every));
    command.add_option(name("seed"), options.seed, "Decides on the items and quantities of orders")
        ->type_name("N")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    const std::map<std::string, Placed> kinds{{"reserved", Placed::reserved},
                                              {"confirmed", Placed::confirmed},
                                              {"fulfilled", Placed::fulfilled}};
    command
        .add_option_function<std::string>(
            name("orders"),
            [&options, kinds](const std::string& kind) { options.placed = kinds.at(kind); },
            "What the orders are once they are placed. The stock of those that are only reserved "
            "comes back when their time is over")
        ->check(CLI::IsMember(kinds))
        ->type_name("reserved|confirmed|fulfilled")
        ->default_str("reserved");
    command
        .add_option(name("in-flight"), options.in_flight_max,
                    "Orders that are not answered yet at most; what is due then is made later, or "
                    "after a second not at all")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000))
        ->capture_default_str();
    command.add_flag(name("started"), options.started,
                     "Make orders from the beginning, and not only once it is started");
}

http_client::ServerUrl url_of(const http::Address& bound) {
    http::Address reachable = bound;
    if (reachable.host == "0.0.0.0") reachable.host = "127.0.0.1";
    if (reachable.host == "::") reachable.host = "::1";
    auto url = http_client::ServerUrl::parse("http://" + reachable.to_string());
    CHECK(url.has_value(), "where a server listens can be asked");
    return *std::move(url);
}

}  // namespace stockroom::wiring
