#pragma once

#include <expected>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "stockroom/contract/classic.hpp"
#include "stockroom/http/message.hpp"
#include "stockroom/http/network.hpp"
#include "stockroom/http/router.hpp"

#include "questions.hpp"
#include "submit.hpp"

namespace stockroom::gateway {

/// The routes of the classic interface (docs/classic.md): the same commands, for clients that know
/// of no Stockroom. Answers are {"message":"…"} or arrays. What was sent is told as sent, whatever
/// the rules say to it; but for a purchase, which is answered as POST /v1/orders is.
class Classic {
  public:
    using Answer = boost::asio::awaitable<http::Response>;

    /// `from`: who may call besides this machine. REQUIRES: submitter and questions outlive it.
    Classic(Submitter& submitter, Questions& questions, std::vector<http::Network> from);

    void add_routes(http::Router& router);

  private:
    using Handler = Answer (Classic::*)(http::Request);

    void add(http::Router& router, std::string_view method, std::string_view path, Handler handler);
    [[nodiscard]] bool may_call(const http::Request& request) const;

    Answer healthcheck(http::Request request);
    Answer health_check(http::Request request);
    Answer create_item(http::Request request);
    Answer stock_management(http::Request request);
    Answer order_processing(http::Request request);
    Answer buy_now(http::Request request);
    Answer get_active(http::Request request);
    Answer insert_record(http::Request request);
    Answer read_database(http::Request request);
    Answer delete_record(http::Request request);

    /// Sends the command, and waits for its outcome.
    Answer submit(const http::Request& request, contract::ReadClassic body);
    Answer send(http::Request request, contract::ReadClassic body, std::string_view queue);
    Answer ask_health(std::string_view queue, std::string bytes);
    Answer ask_for_list(std::string_view queue);

    Submitter& submitter_;
    Questions& questions_;
    std::vector<http::Network> from_;
};

}  // namespace stockroom::gateway
