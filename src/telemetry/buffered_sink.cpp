#include "buffered_sink.hpp"

#include <cerrno>
#include <string_view>

#include <poll.h>
#include <unistd.h>

namespace stockroom::telemetry {
namespace {

/// Gives up, dropping the rest, when standard error is closed or broken: there is no one to tell.
void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd ready{STDERR_FILENO, POLLOUT, 0};
            ::poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace

BufferedSink::BufferedSink() {
    buffer_.reserve(kBufferBytes);
}

BufferedSink::~BufferedSink() {
    write_all(buffer_);
}

void BufferedSink::sink_it_(const spdlog::details::log_msg& message) {
    buffer_.append(message.payload.data(), message.payload.size());
    buffer_.push_back('\n');
    if (buffer_.size() >= kBufferBytes) flush_();
}

void BufferedSink::flush_() {
    write_all(buffer_);
    buffer_.clear();
}

}  // namespace stockroom::telemetry
