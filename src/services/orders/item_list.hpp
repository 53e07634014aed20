#pragma once

#include <expected>
#include <functional>
#include <string>

#include "stockroom/ports/queries.hpp"

namespace stockroom::orders {

/// What one answer may hold; RabbitMQ takes messages of up to 128 MiB.
inline constexpr std::size_t kItemListBytesMax = 100UL * 1024 * 1024;

/// Gives one page of the items.
using ReadItems = std::function<ports::PageResult<domain::ItemView>(const ports::PageRequest&)>;

/// Every item that is for sale, as the classic interface lists them, read page by page: each as it
/// was at one moment, in the order of their SKUs.
/// Errors: the store's; permanent (they would be longer than `bytes_max`).
[[nodiscard]] std::expected<std::string, ports::Error> list_items(
    const ReadItems& read, std::size_t bytes_max = kItemListBytesMax);

}  // namespace stockroom::orders
