#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "stockroom/http/problem.hpp"

namespace stockroom::http {

[[nodiscard]] Problem body_too_large(std::size_t bytes_max);

/// Decodes a chunked body (RFC 9112 section 7.1), strictly: what other readers could cut elsewhere
/// is refused. Extensions and trailers are dropped, and bounded. (Beast's own decoder asserts on a
/// last chunk that comes byte by byte, and takes extensions of any length.)
class ChunkDecoder {
  public:
    static constexpr std::size_t kExtensionBytesMax = 256;
    static constexpr std::size_t kTrailerBytesMax = 4096;

    /// Decodes off the front of `bytes` into `body`; gives how many were taken. Those left are the
    /// start of a line that has not all arrived (hand them in again, longer), or once is_done(),
    /// not of this body. Errors: 400 malformed_body, 413 past `body_bytes_max`.
    [[nodiscard]] std::expected<std::size_t, Problem> decode(std::string_view bytes,
                                                             std::string& body,
                                                             std::size_t body_bytes_max);

    [[nodiscard]] bool is_done() const { return state_ == State::done; }

  private:
    enum class State { size, data, data_end, trailers, done };
    using Taken = std::expected<std::size_t, Problem>;

    Taken take_size(std::string_view bytes, std::size_t room, std::size_t body_bytes_max);
    Taken take_data(std::string_view bytes, std::string& body);
    Taken take_data_end(std::string_view bytes);
    Taken take_trailer(std::string_view bytes);

    State state_ = State::size;
    std::uint64_t remaining_ = 0;  // of the chunk's data
    std::size_t trailer_bytes_ = 0;
};

}  // namespace stockroom::http
