#include <iostream>
#include <memory>
#include <string>

#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/redact.hpp"
#include "stockroom/wiring/store_tools.hpp"
#include "stockroom/wiring/store_url.hpp"

#include "commands.hpp"

namespace stockroom {

namespace {

int fail(int exit_code, const std::string& why) {
    return runtime::refuse("stockroom migrate", exit_code, why);
}

struct MigrateOptions {
    std::string store_url;
    std::string store_url_file;
};

int run(const MigrateOptions& options) {
    auto url = wiring::read_url("store-url", options.store_url, options.store_url_file);
    if (url) url = wiring::postgres_url(*url);
    if (!url) return fail(runtime::kExitUsage, url.error());
    const auto migrated = wiring::migrate(*url);
    if (!migrated) return fail(runtime::kExitFailed, migrated.error().detail);
    const auto [from, to] = *migrated;
    std::cout << runtime::redact(*url);
    if (from == to)
        std::cout << " is of version " << to << " already\n";
    else if (from == 0)
        std::cout << " was empty; it is of version " << to << " now\n";
    else
        std::cout << " was of version " << from << "; it is of version " << to << " now\n";
    return runtime::kExitDone;
}

}  // namespace

void add_migrate_command(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "migrate", "Make a PostgreSQL store's tables, or bring them up to this version");
    const auto options = std::make_shared<MigrateOptions>();
    command
        ->add_option("--store-url", options->store_url,
                     "The store, by the user that owns the database")
        ->type_name("postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    command
        ->add_option("--store-url-file", options->store_url_file,
                     "A file that holds the store's URL")
        ->type_name("PATH");
    runtime::bind_environment(*command);
    command->footer(
        "Makes the roles, too, that the services' users are granted: stockroom_service,\n"
        "stockroom_reader and stockroom_relay. Safe to run again, and while services of the "
        "version\n"
        "before are running. A SQLite store needs none: `stockroom serve` brings it up to date.\n"
        "The URL has to be given. A password is better given by STOCKROOM_STORE_URL, or from a\n"
        "file: it does not show in a list of processes.");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace stockroom
