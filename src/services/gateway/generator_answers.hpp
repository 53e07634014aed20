#pragma once

#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/gateway/peer.hpp"
#include "stockroom/http/message.hpp"

namespace stockroom::gateway {

/// The routes below /v1/generator: what the generator says, or 503 when it does not answer. On the
/// context's thread.
class GeneratorAnswers {
  public:
    using Answer = boost::asio::awaitable<http::Response>;

    /// REQUIRES: both outlive it.
    GeneratorAnswers(boost::asio::io_context& context, const Peer& generator)
        : context_(context), generator_(generator) {}

    Answer get();
    Answer start(const http::Request& request);
    Answer stop(const http::Request& request);

  private:
    Answer pass_on(std::string method, std::string target);
    Answer change(const http::Request& request, std::string target);

    boost::asio::io_context& context_;
    const Peer& generator_;
};

}  // namespace stockroom::gateway
