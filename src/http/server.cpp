#include "stockroom/http/server.hpp"

#include <utility>

#include "server_state.hpp"

namespace stockroom::http {

Server::Server(boost::asio::io_context& context, Router router, Limits limits,
               telemetry::Metrics& metrics)
    : state_(std::make_shared<State>(context, std::move(router), limits, metrics)) {}

Server::~Server() {
    state_->stop();
    state_->observer.reset();
}

std::expected<Address, std::string> Server::start(const Address& address) {
    return state_->start(address);
}

void Server::stop() {
    state_->stop();
}

}  // namespace stockroom::http
