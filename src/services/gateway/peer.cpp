#include "stockroom/gateway/peer.hpp"

#include <utility>

#include "stockroom/contract/json.hpp"
#include "stockroom/http_client/connection.hpp"

namespace stockroom::gateway {

namespace {

using Asked = std::expected<PeerAnswer, std::string>;

/// On a connection of its own: who asks is a person or a scraper, and one that was kept could have
/// been closed meanwhile.
boost::asio::awaitable<Asked> ask_by_http(boost::asio::io_context& context,
                                          const http_client::ServerUrl& url, PeerRequest request,
                                          base::Deadline deadline) {
    http_client::Connection connection(context, url);
    http_client::Request wanted{.method = std::move(request.method),
                                .target = std::move(request.target),
                                .body = {},
                                .idempotency_key = {}};
    auto answer = co_await connection.ask(std::move(wanted), deadline);
    if (!answer) co_return std::unexpected(std::move(answer.error().detail));
    PeerAnswer told{.status = answer->status, .body = {}};
    contract::append_json(told.body, answer->json);
    co_return told;
}

boost::asio::awaitable<Asked> ask_one_of(boost::asio::io_context& context,
                                         const std::vector<http_client::ServerUrl>& urls,
                                         PeerRequest request, base::Deadline deadline) {
    std::string why;
    for (std::size_t i = 0; i < urls.size(); ++i) {
        const auto now = base::Deadline::clock::now();
        const auto share = (deadline - now) / static_cast<int>(urls.size() - i);
        auto answer = co_await ask_by_http(context, urls[i], request, now + share);
        if (answer) co_return answer;
        why += (why.empty() ? "" : "; ") + answer.error();
    }
    co_return std::unexpected(why);
}

}  // namespace

boost::asio::awaitable<Asked> Peer::ask(boost::asio::io_context& context, PeerRequest request,
                                        base::Deadline deadline) const {
    if (const auto* call = std::get_if<Call>(&way_)) co_return (*call)(request);
    if (const auto* urls = std::get_if<std::vector<http_client::ServerUrl>>(&way_))
        co_return co_await ask_one_of(context, *urls, std::move(request), deadline);
    co_return std::unexpected("this gateway was not told where it is");
}

}  // namespace stockroom::gateway
