#include <iostream>
#include <memory>
#include <string>

#include "stockroom/runtime/command_line.hpp"
#include "stockroom/wiring/store_tools.hpp"
#include "stockroom/wiring/store_url.hpp"

#include "audit_check.hpp"
#include "commands.hpp"

namespace stockroom {

namespace {

struct AuditOptions {
    std::string store_url;
    std::string store_url_file;
    bool json = false;
};

int fail(int exit_code, const std::string& why) {
    return runtime::refuse("stockroom audit", exit_code, why);
}

/// A store that is not there, or is none, is wrong usage; one that cannot be read now is not.
int fail(const ports::Error& error) {
    return fail(
        error.kind == ports::ErrorKind::permanent ? runtime::kExitUsage : runtime::kExitFailed,
        error.detail);
}

int run(const AuditOptions& options) {
    const bool is_given = !options.store_url.empty() || !options.store_url_file.empty();
    const auto url = is_given
                         ? wiring::read_url("store-url", options.store_url, options.store_url_file)
                         : std::string(wiring::kDefaultStoreUrl);
    if (!url) return fail(runtime::kExitUsage, url.error());
    const auto source = wiring::open_audit(*url);
    if (!source) return fail(source.error());
    const auto report = check_books(**source);
    // What opened as a store and cannot be read through is a damaged one.
    if (!report) return fail(runtime::kExitFailed, report.error().detail);
    std::cout << (options.json ? to_json(*report) + '\n' : to_text(*report));
    return report->is_ok() ? runtime::kExitDone : runtime::kExitFailed;
}

}  // namespace

void add_audit_command(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "audit", "Prove that a store's levels, holds, orders, ledger and log agree");
    const auto options = std::make_shared<AuditOptions>();
    command->add_option("--store-url", options->store_url, "The store; it may be in use")
        ->type_name("sqlite:PATH|postgres://…")
        ->default_str(std::string(wiring::kDefaultStoreUrl));
    command
        ->add_option("--store-url-file", options->store_url_file,
                     "A file that holds the store's URL")
        ->type_name("PATH");
    command->add_flag("--json", options->json, "Print one JSON object on stdout");
    runtime::bind_environment(*command);
    command->footer(
        "Reads one moment of the store and changes nothing. Exits with 1 when a row differs, and\n"
        "names it.");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace stockroom
