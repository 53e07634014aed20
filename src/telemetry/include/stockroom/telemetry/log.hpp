#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace stockroom::telemetry {

enum class LogLevel { debug, info, warning, error };

/// One name and value of a log line. Views must outlive the call only.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;
};

/// Sends log lines to standard error from here on: each one JSON object,
/// `{"time","level","service", "message", …fields}`. Call once, at the start of main. Lines below
/// `level` are dropped; lines from `warning` up are flushed at once, others within a second.
void start_log(std::string_view service, LogLevel level);

/// Thread-safe; never throws; before start_log it does nothing. Values that are not UTF-8 are
/// written with their bad bytes replaced, so that a line is always JSON.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

/// Writes out what is buffered.
void flush_log();

}  // namespace stockroom::telemetry
