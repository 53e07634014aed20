#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "stockroom/runtime/command_line.hpp"

#include "commands.hpp"

namespace {

int run(int argc, char** argv) {
    using namespace stockroom;

    CLI::App app("Stockroom keeps stock, takes orders, and never sells what is not there.",
                 "stockroom");
    app.set_version_flag("--version", "stockroom " + std::string(runtime::version()));
    app.require_subcommand(1);
    app.footer(
        "Each option can be given by an environment variable, too: --store-url by\n"
        "STOCKROOM_STORE_URL. `stockroom COMMAND --help` says more.");

    int exit_code = runtime::kExitDone;
    add_serve_command(app, exit_code);
    add_replay_command(app, exit_code);
    add_stress_command(app, exit_code);
    add_audit_command(app, exit_code);
    add_migrate_command(app, exit_code);
    return runtime::run_command_line(app, argc, argv, exit_code);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (...) {
        static_cast<void>(std::fputs("stockroom: cannot start: no memory, or a bug\n", stderr));
        return stockroom::runtime::kExitFailed;
    }
}
