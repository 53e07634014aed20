#include "stockroom/telemetry/log.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "stockroom/base/text.hpp"
#include "stockroom/base/time.hpp"

#include "buffered_sink.hpp"

namespace stockroom::telemetry {
namespace {

constexpr auto kFlushEvery = std::chrono::seconds(1);

struct Log {
    std::string service_json;
    std::shared_ptr<spdlog::logger> logger;
    const Log* replaced = nullptr;  // by this one, in tests; it may still be in use
};

/// Set by start_log alone; a Log lives as long as the process, for threads that log while it ends.
std::atomic<const Log*> current = nullptr;

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view name_of(LogLevel level) {
    static constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
    return kNames[static_cast<std::size_t>(level)];
}

/// Each byte that is no part of a well-formed sequence becomes U+FFFD.
std::string replace_bad_bytes(std::string_view text) {
    std::string clean;
    clean.reserve(text.size() + 16);
    while (!text.empty()) {
        std::size_t length = 1;
        while (length <= 4 && !base::is_utf8(text.substr(0, length)))
            ++length;
        if (length <= 4 && length <= text.size()) {
            clean.append(text.substr(0, length));
            text.remove_prefix(length);
        } else {
            clean.append("\xEF\xBF\xBD");
            text.remove_prefix(1);
        }
    }
    return clean;
}

void append_string(std::string& line, std::string_view text) {
    if (base::is_utf8(text)) {
        base::append_json_string(line, text);
    } else {
        base::append_json_string(line, replace_bad_bytes(text));
    }
}

struct AppendValue {
    std::string& line;

    void operator()(std::string_view text) const { append_string(line, text); }
    void operator()(std::int64_t number) const {
        fmt::format_to(std::back_inserter(line), "{}", number);
    }
    void operator()(double number) const {
        if (std::isfinite(number)) {
            fmt::format_to(std::back_inserter(line), "{}", number);
        } else {
            line.append("null");
        }
    }
    void operator()(bool truth) const { line.append(truth ? "true" : "false"); }
};

void append_line(std::string& line, const Log& log, LogLevel level, std::string_view message,
                 std::initializer_list<LogField> fields) {
    line.append("{\"time\":\"").append(base::Time::now().to_string());
    line.append("\",\"level\":\"").append(name_of(level));
    line.append("\",\"service\":").append(log.service_json);
    line.append(",\"message\":");
    append_string(line, message);
    for (const auto& [name, value] : fields) {
        line.push_back(',');
        append_string(line, name);
        line.push_back(':');
        std::visit(AppendValue{line}, value);
    }
    line.push_back('}');
}

}  // namespace

void start_log(std::string_view service, LogLevel level) {
    auto* log = new Log;
    append_string(log->service_json, service);
    log->logger = std::make_shared<spdlog::logger>("stockroom", std::make_shared<BufferedSink>());
    log->logger->set_level(to_spdlog(level));
    log->logger->flush_on(spdlog::level::warn);
    spdlog::set_default_logger(log->logger);
    spdlog::flush_every(kFlushEvery);
    log->replaced = current.load(std::memory_order_acquire);
    current.store(log, std::memory_order_release);
    if (log->replaced == nullptr) (void)std::atexit(flush_log);
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    const Log* log = current.load(std::memory_order_acquire);
    if (log == nullptr || !log->logger->should_log(to_spdlog(level))) return;
    try {
        thread_local std::string line;
        line.clear();
        append_line(line, *log, level, message, fields);
        log->logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
    } catch (const std::exception&) {
        // Out of memory: the line is lost, the work that wanted it written is not.
        return;
    }
}

void flush_log() {
    if (const Log* log = current.load(std::memory_order_acquire)) log->logger->flush();
}

}  // namespace stockroom::telemetry
