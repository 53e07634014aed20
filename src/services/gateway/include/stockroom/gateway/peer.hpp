#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

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

/// Another service that knows what some of the gateway's clients ask for: by HTTP on its own port,
/// or that of any of its replicas, or, when it is in this process, by a call.
class Peer {
  public:
    /// Thread-safe, quick, never waits.
    using Call = std::function<PeerAnswer(const PeerRequest&)>;

    /// There is none: asking it says so.
    Peer() = default;
    explicit Peer(http_client::ServerUrl url) : way_(std::vector{std::move(url)}) {}
    /// Of its replicas each: the next is asked when one does not answer in its share of the time.
    explicit Peer(std::vector<http_client::ServerUrl> urls) : way_(std::move(urls)) {}
    explicit Peer(Call call) : way_(std::move(call)) {}

    /// Whatever it answers, also when that is a refusal. The error is for people: why there is no
    /// answer. REQUIRES: called on the thread of the context; the peer outlives the answer; of
    /// replicas only reads are asked.
    [[nodiscard]] boost::asio::awaitable<std::expected<PeerAnswer, std::string>> ask(
        boost::asio::io_context& context, PeerRequest request, base::Deadline deadline) const;

  private:
    std::variant<std::monostate, std::vector<http_client::ServerUrl>, Call> way_;
};

}  // namespace stockroom::gateway
