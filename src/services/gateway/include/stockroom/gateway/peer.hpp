#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/http_client/url.hpp"

namespace stockroom::gateway {

struct PeerRequest {
    std::string method = "GET";
    std::string target;  // "/v1/health": as on the peer's own port
};

struct PeerAnswer {
    int status = 200;
    std::string body;  // JSON
};

/// Another service that knows what some of the gateway's clients ask for: by HTTP on its own port
/// or, when it is in this process, by a call.
class Peer {
  public:
    /// Thread-safe, quick, never waits.
    using Call = std::function<PeerAnswer(const PeerRequest&)>;

    /// There is none: asking it says so.
    Peer() = default;
    explicit Peer(http_client::ServerUrl url) : way_(std::move(url)) {}
    explicit Peer(Call call) : way_(std::move(call)) {}

    /// Whatever it answers, also when that is a refusal. The error is for people: why there is no
    /// answer. REQUIRES: called on the thread of the context; the peer outlives the answer.
    [[nodiscard]] boost::asio::awaitable<std::expected<PeerAnswer, std::string>> ask(
        boost::asio::io_context& context, PeerRequest request, base::Deadline deadline) const;

  private:
    std::variant<std::monostate, http_client::ServerUrl, Call> way_;
};

}  // namespace stockroom::gateway
