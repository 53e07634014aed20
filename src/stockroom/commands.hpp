#pragma once

#include <CLI/CLI.hpp>

namespace stockroom {

/// Each adds its subcommand, whose callback sets `exit_code` (runtime::kExit…). REQUIRES: exit_code
/// outlives the app.
void add_replay_command(CLI::App& app, int& exit_code);
void add_stress_command(CLI::App& app, int& exit_code);
void add_audit_command(CLI::App& app, int& exit_code);

}  // namespace stockroom
