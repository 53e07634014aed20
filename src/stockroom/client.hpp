#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "stockroom/contract/json.hpp"
#include "stockroom/http_client/connection.hpp"
#include "stockroom/http_client/url.hpp"

namespace stockroom {

/// For code that waits for each answer: one connection, one thread.
/// Errors are for people: "cannot reach http://…: Connection refused. Is `stockroom serve`
/// running?"
class Client {
  public:
    template <typename T>
    using Result = std::expected<T, std::string>;

    /// `patience`: how long a request waits for a server that went away or has no room. One that
    /// was never reached is not waited for.
    Client(http_client::ServerUrl url, std::chrono::milliseconds patience);

    [[nodiscard]] Result<http_client::Answer> get(std::string target);
    /// Sent again under its key until it is answered.
    [[nodiscard]] Result<http_client::Answer> post(std::string target, std::string body,
                                                   std::string idempotency_key);

    /// Gives each row of a list, over all its pages. `target` is without cursor and limit, `member`
    /// the name of the page's array. An error of `visit` ends it.
    using Visit = std::function<Result<void>(const contract::JsonValue& row)>;
    [[nodiscard]] Result<void> each_row(std::string target, std::string_view member,
                                        const Visit& visit);

  private:
    [[nodiscard]] Result<http_client::Answer> ask(http_client::Request request);

    http_client::ServerUrl url_;
    std::chrono::milliseconds patience_;
    boost::asio::io_context context_;
    http_client::Connection connection_;
    bool was_reached_ = false;
};

/// Members of an answer. The error names the one that is missing or of another type.
[[nodiscard]] std::expected<std::int64_t, std::string> integer_member(
    const contract::JsonValue& object, std::string_view member);
[[nodiscard]] std::expected<std::string, std::string> string_member(
    const contract::JsonValue& object, std::string_view member);

}  // namespace stockroom
