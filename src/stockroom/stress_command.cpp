#include <cstddef>
#include <iostream>
#include <memory>
#include <string>

#include "stockroom/domain/values.hpp"
#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/file_limit.hpp"

#include "client_options.hpp"
#include "commands.hpp"
#include "progress.hpp"
#include "stress.hpp"

namespace stockroom {

namespace {

/// A crowd queues: its last one waits for all the others.
constexpr std::int64_t kStressPatienceSeconds = 60;

/// Files that are open besides the buyers' connections.
constexpr std::size_t kOtherFiles = 32;

struct StressOptions {
    std::int64_t buyers = 0;
    std::int64_t units = 0;
    ClientOptions client;
};

int run(const StressOptions& options) {
    const std::size_t files_wanted = static_cast<std::size_t>(options.buyers) + kOtherFiles;
    if (const std::size_t files = runtime::raise_file_limit(files_wanted); files < files_wanted) {
        std::cerr << "stockroom stress: so many buyers need " << files_wanted
                  << " open files, and this process may have " << files << ": raise `ulimit -n`\n";
        return runtime::kExitFailed;
    }
    std::expected<StressResult, std::string> result;
    {
        ProgressBar bar(std::cerr, standard_error_is_terminal(), "buying", options.buyers);
        result = stress(*http_client::ServerUrl::parse(options.client.url), options.buyers,
                        options.units, options.client.patience(),
                        [&bar](std::int64_t done) { bar.set(done); });
    }
    if (!result) {
        std::cerr << "stockroom stress: " << result.error() << '\n';
        return runtime::kExitFailed;
    }
    std::cout << (options.client.json ? to_json(*result) + '\n' : to_table(*result));
    for (const std::string& reason : result->untold)
        std::cerr << "stockroom stress: " << reason << '\n';
    for (const std::string& contradiction : result->contradictions)
        std::cerr << "stockroom stress: " << contradiction << '\n';
    return result->is_right() ? runtime::kExitDone : runtime::kExitFailed;
}

}  // namespace

void add_stress_command(CLI::App& app, int& exit_code) {
    CLI::App* command = app.add_subcommand(
        "stress", "Many buyers at once for one item: proves that nothing is sold twice");
    const auto options = std::make_shared<StressOptions>();
    options->client.patience_seconds = kStressPatienceSeconds;
    command
        ->add_option("--buyers", options->buyers,
                     "Each orders one unit, on a connection of its own, at the same instant")
        ->required()
        ->check(CLI::Range(std::int64_t{1}, kMaxBuyers))
        ->type_name("N");
    command->add_option("--units", options->units, "Units that there are")
        ->required()
        ->check(CLI::Range(domain::Quantity{0}, domain::kMaxQuantity))
        ->type_name("M");
    add_client_options(*command, options->client);
    runtime::bind_environment(*command);
    command->footer(
        "Prints how many orders the server has sold and refused, how many it has beyond a buyer's\n"
        "first (duplicates), and how many buyers were never told (unknown). Exits with 1 unless\n"
        "sold is the smaller of N and M and duplicates is 0.");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace stockroom
