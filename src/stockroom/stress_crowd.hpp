#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/http_client/connection.hpp"

namespace stockroom {

/// What a buyer was told.
struct BuyerReport {
    enum class Told : std::uint8_t { unknown, sold, refused };
    Told told = Told::unknown;
    std::string order;           // its id, where one was told
    bool was_confirmed = false;  // the repeat under the same key was answered with the same order
    std::string trouble;         // what else was answered, to the order or to its repeat
};

/// Buyers that order at the same instant: connections first, then all requests at once.
class Crowd {
  public:
    /// `order_of(i)` is the request of buyer i. REQUIRES: the url outlives the crowd.
    Crowd(const http_client::ServerUrl& url, std::int64_t buyers, std::chrono::seconds patience,
          const std::function<http_client::Request(std::int64_t)>& order_of);

    /// Runs until every buyer is through; `on_step` is told how many are. Gives a report for each.
    [[nodiscard]] std::vector<BuyerReport> run(const std::function<void(std::int64_t)>& on_step);

  private:
    struct Buyer {
        http_client::Connection connection;
        http_client::Request order;
        BuyerReport report{};
    };

    boost::asio::awaitable<void> buy(Buyer& buyer);
    boost::asio::awaitable<void> wait_for_all();
    boost::asio::awaitable<void> repeat(Buyer& buyer);

    std::chrono::seconds patience_;
    boost::asio::io_context context_;
    boost::asio::steady_timer gate_;  // cancelled when the last buyer has come
    std::vector<std::unique_ptr<Buyer>> buyers_;
    std::size_t waiting_ = 0;
    std::int64_t through_ = 0;
    const std::function<void(std::int64_t)>* on_step_ = nullptr;
};

}  // namespace stockroom
