#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "stockroom/http_client/connection.hpp"

namespace stockroom::generator {

/// Of a larger catalogue the first ones are drawn from.
inline constexpr std::size_t kItemsMax = 100'000;

/// The SKUs of the gateway's items, page by page. The error is for people.
[[nodiscard]] boost::asio::awaitable<std::expected<std::vector<std::string>, std::string>>
read_skus(http_client::Connection& connection, base::Deadline deadline);

}  // namespace stockroom::generator
