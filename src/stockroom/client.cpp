#include "client.hpp"

#include <charconv>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include "stockroom/ports/queries.hpp"

namespace stockroom {

namespace {

/// How long one request may take once the server has been reached: more than it ever waits itself.
constexpr std::chrono::seconds kRequestTime{40};

}  // namespace

Client::Client(http_client::ServerUrl url, std::chrono::milliseconds patience)
    : url_(std::move(url)), patience_(patience), connection_(context_, url_) {}

Client::Result<http_client::Answer> Client::ask(http_client::Request request) {
    const auto run = [this](http_client::Answered<http_client::Answer> question) {
        auto answer = boost::asio::co_spawn(context_, std::move(question), boost::asio::use_future);
        context_.restart();
        context_.run();
        return answer.get();
    };
    auto answer = run(connection_.ask(request, base::in(kRequestTime)));
    was_reached_ = was_reached_ || answer.has_value();
    const bool is_final = answer && !http_client::is_passing(answer->status);
    if (!is_final && was_reached_ && patience_ > std::chrono::milliseconds::zero())
        answer = run(
            http_client::ask_until_answered(connection_, std::move(request), base::in(patience_)));
    if (answer) return std::move(*answer);
    std::string why = std::move(answer.error().detail);
    if (answer.error().reason == http_client::NoAnswer::Reason::not_reached)
        why += ". Is `stockroom serve` running?";
    return std::unexpected(std::move(why));
}

Client::Result<http_client::Answer> Client::get(std::string target) {
    return ask({.method = "GET", .target = std::move(target), .body = {}, .idempotency_key = {}});
}

Client::Result<http_client::Answer> Client::post(std::string target, std::string body,
                                                 std::string idempotency_key) {
    return ask({.method = "POST",
                .target = std::move(target),
                .body = std::move(body),
                .idempotency_key = std::move(idempotency_key)});
}

Client::Result<void> Client::each_row(std::string target, std::string_view member,
                                      const Visit& visit) {
    target += fmt::format("{}limit={}", target.contains('?') ? '&' : '?', ports::kMaxPageSize);
    std::string cursor;
    do {
        const auto page = get(
            cursor.empty() ? target : target + "&cursor=" + http_client::percent_encoded(cursor));
        if (!page) return std::unexpected(page.error());
        const contract::JsonValue* rows = page->json.find(member);
        const auto* array = rows == nullptr ? nullptr : rows->as<contract::JsonValue::Array>();
        if (page->status != 200 || array == nullptr)
            return std::unexpected(fmt::format("GET {}: {}", target, page->explain()));
        for (const contract::JsonValue& row : *array)
            if (auto visited = visit(row); !visited) return visited;
        cursor = string_member(page->json, "next").value_or("");
    } while (!cursor.empty());
    return {};
}

std::expected<std::int64_t, std::string> integer_member(const contract::JsonValue& object,
                                                        std::string_view member) {
    const contract::JsonValue* found = object.find(member);
    if (const auto* number = found ? found->as<contract::JsonValue::Number>() : nullptr) {
        std::int64_t value = 0;
        const char* end = number->text.data() + number->text.size();
        const auto [stopped, error] = std::from_chars(number->text.data(), end, value);
        if (error == std::errc() && stopped == end) return value;
    }
    return std::unexpected(fmt::format("the server's answer has no whole number `{}`", member));
}

std::expected<std::string, std::string> string_member(const contract::JsonValue& object,
                                                      std::string_view member) {
    const contract::JsonValue* found = object.find(member);
    if (const auto* text = found ? found->as<std::string>() : nullptr) return *text;
    return std::unexpected(fmt::format("the server's answer has no text `{}`", member));
}

}  // namespace stockroom
