#pragma once

#include <CLI/CLI.hpp>

namespace stockroom {

/// Each adds its subcommand, whose callback sets `exit_code` (runtime::kExit…). REQUIRES: exit_code
/// outlives the app.
/// serve: the embedded shape, until SIGTERM or SIGINT. Exit codes: 0 stopped as asked; 1 the
/// address is in use, or the store cannot be used; 2 an option is wrong.
void add_serve_command(CLI::App& app, int& exit_code);
void add_replay_command(CLI::App& app, int& exit_code);
void add_stress_command(CLI::App& app, int& exit_code);
void add_audit_command(CLI::App& app, int& exit_code);
void add_migrate_command(CLI::App& app, int& exit_code);

}  // namespace stockroom
