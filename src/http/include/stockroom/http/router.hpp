#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "stockroom/http/message.hpp"

namespace stockroom::http {

using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

/// The route table: exact segments and "{parameter}" segments, e.g. "/v1/items/{sku}/stock".
/// A parameter matches one non-empty segment, percent-decoded after the split, so that "%2F" can
/// stand in it. Exact segments win over parameters.
class Router {
  public:
    Router();
    ~Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    /// REQUIRES: the method and pattern are not in the table yet.
    void add(std::string_view method, std::string_view pattern, Handler handler);

    struct Match {
        const Handler* handler;
        std::string_view pattern;  // for metrics and log lines: bounded, unlike paths
    };
    /// Fills in the request's path_parameters. Otherwise the answer to give: 404, 405 with Allow
    /// (HEAD is answered wherever GET is, OPTIONS with 204 and Allow), or 400 for a segment that is
    /// not percent-encoded UTF-8 or holds "%00".
    [[nodiscard]] std::variant<Match, Response> match(Request& request) const;

  private:
    struct Table;
    std::unique_ptr<Table> table_;
};

}  // namespace stockroom::http
