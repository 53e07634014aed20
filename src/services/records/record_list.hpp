#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>

#include "stockroom/ports/queries.hpp"

namespace stockroom::records {

/// What one answer may hold; RabbitMQ takes messages of up to 128 MiB.
inline constexpr std::size_t kRecordListBytesMax = std::size_t{100} * 1024 * 1024;

/// Gives one page of the records.
using ReadRecords = std::function<ports::PageResult<domain::Record>(const ports::PageRequest&)>;

/// Every record as the classic interface lists them, by SRN, read page by page: each as it was at
/// one moment.
/// Errors: the store's; permanent (they would be longer than `bytes_max`).
[[nodiscard]] std::expected<std::string, ports::Error> list_records(
    const ReadRecords& read, std::size_t bytes_max = kRecordListBytesMax);

}  // namespace stockroom::records
