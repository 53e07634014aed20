#pragma once

#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "stockroom/telemetry/log.hpp"

namespace stockroom::runtime {

/// What every program of Stockroom exits with.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;  // refused by the rules, or failed in the world
inline constexpr int kExitUsage = 2;   // wrong usage or bad input: the same again fails the same

/// The project's version: "0.1.0".
[[nodiscard]] std::string_view version();

/// Lets every option that the command has so far be given by an environment variable too:
/// --store-url by STOCKROOM_STORE_URL. The command line wins; an empty variable counts as not set.
void bind_environment(CLI::App& command);

/// Adds `--log-level debug|info|warning|error`, which sets `level`; its value is the default.
void add_log_level(CLI::App& command, telemetry::LogLevel& level);

/// Reads the command line and runs the callback of the command it names, which sets `exit_code`.
/// --help and --version exit with kExitDone; wrong usage is told on standard error and exits with
/// kExitUsage, and no callback ran; an exception out of a callback exits with kExitFailed. What it
/// tells shows no password, wherever in the command line one was typed.
[[nodiscard]] int run_command_line(CLI::App& app, int argc, const char* const* argv,
                                   const int& exit_code);

/// Tells `why` on standard error, behind the program's name and without passwords, and gives the
/// exit code.
int refuse(std::string_view program, int exit_code, const std::string& why);

}  // namespace stockroom::runtime
