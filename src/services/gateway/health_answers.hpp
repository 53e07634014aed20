#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/gateway/peer.hpp"
#include "stockroom/http/message.hpp"

namespace stockroom::gateway {

/// GET /v1/health: what the health service says or, when it does not answer, that: it is down
/// then, and what it watched is unknown. On the context's thread.
class HealthAnswers {
  public:
    using Answer = boost::asio::awaitable<http::Response>;

    /// REQUIRES: both outlive it.
    HealthAnswers(boost::asio::io_context& context, const Peer& health)
        : context_(context), health_(health) {}

    Answer get_health();

  private:
    struct Part {
        std::string name;
        std::string kind;
    };

    void remember(const std::string& body);
    [[nodiscard]] std::string tell_silence(const std::string& cause) const;

    boost::asio::io_context& context_;
    const Peer& health_;
    std::vector<Part> parts_;  // of the last answer
};

}  // namespace stockroom::gateway
