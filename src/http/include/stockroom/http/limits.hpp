#pragma once

#include <chrono>
#include <cstddef>

namespace stockroom::http {

/// What one server gives to its clients at most. Past a limit a request is answered with a problem
/// (or the connection closed, where nothing can be answered) and the others go on.
struct Limits {
    std::size_t header_bytes = 16UL * 1024;          // request line and fields together: 431
    std::size_t header_fields = 100;                 // 431
    std::size_t target_bytes = 8UL * 1024;           // 414
    std::size_t body_bytes = 1024UL * 1024;          // 413
    std::size_t bodies_bytes = 256UL * 1024 * 1024;  // all requests' bodies together: 503
    std::size_t unsent_bytes = 256UL * 1024 * 1024;  // answers not taken yet, together: closed
    std::size_t connections = 12'000;                // further ones are answered 503 and closed
    std::chrono::seconds header_time{10};  // from a request's first byte to its last header: 408
    std::chrono::seconds body_time{20};    // from there to the body's last byte: 408
    std::chrono::seconds idle_time{75};    // between requests: closed
    std::chrono::seconds write_time{20};   // until the client has taken the answer: closed
    std::chrono::seconds linger_time{5};   // for the client to read why it was refused: closed
    std::chrono::seconds stop_time{3};     // after stop(), for each of the times above
};

}  // namespace stockroom::http
