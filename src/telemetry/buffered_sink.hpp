#pragma once

#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>

namespace stockroom::telemetry {

/// Collects finished lines and writes them to standard error in one go: when it is flushed, holds
/// kBufferBytes, or ends. spdlog's mutex guards it.
class BufferedSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    static constexpr std::size_t kBufferBytes = 64UL * 1024;

    BufferedSink();
    ~BufferedSink() override;
    BufferedSink(const BufferedSink&) = delete;
    BufferedSink& operator=(const BufferedSink&) = delete;

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override;

  private:
    std::string buffer_;
};

}  // namespace stockroom::telemetry
