#pragma once

#include <string>
#include <string_view>

#include <amqp.h>

namespace stockroom::bus_amqp {

/// librabbitmq takes what it only reads as if it wrote it.
[[nodiscard]] inline amqp_bytes_t to_bytes(std::string_view text) {
    return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

[[nodiscard]] inline std::string_view to_view(const amqp_bytes_t& bytes) {
    return {static_cast<const char*>(bytes.bytes), bytes.len};
}

[[nodiscard]] inline std::string to_string(const amqp_bytes_t& bytes) {
    return std::string(to_view(bytes));
}

/// For people: what went wrong with a call.
[[nodiscard]] std::string describe(const amqp_rpc_reply_t& reply);
/// Of a frame with channel.close or connection.close.
[[nodiscard]] std::string describe_close(const amqp_method_t& method);

}  // namespace stockroom::bus_amqp
