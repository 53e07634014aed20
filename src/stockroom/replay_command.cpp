#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>

#include "stockroom/runtime/command_line.hpp"

#include "client.hpp"
#include "client_options.hpp"
#include "commands.hpp"
#include "progress.hpp"
#include "replay.hpp"
#include "replay_plan.hpp"

namespace stockroom {

namespace {

constexpr std::size_t kBadCellsShown = 20;

struct ReplayOptions {
    std::string file;
    domain::Quantity opening = 0;
    ClientOptions client;
};

std::expected<std::string, std::string> read_file(const std::string& path) {
    const auto refuse = [&path](const std::error_code& why) {
        return std::unexpected(path + ": " + why.message());
    };
    // A folder opens, and throws when it is read.
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return refuse(std::make_error_code(std::errc::is_a_directory));
    std::ifstream file(path, std::ios::binary);
    if (!file) return refuse(std::error_code(errno, std::generic_category()));
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    if (file.bad()) return refuse(std::make_error_code(std::errc::io_error));
    return bytes;
}

void print_bad_cells(const std::string& file, const BadCells& bad) {
    const std::size_t shown = std::min(bad.kept().size(), kBadCellsShown);
    for (std::size_t i = 0; i < shown; ++i)
        std::cerr << file << ": " << to_string(bad.kept()[i]) << '\n';
    if (bad.count() > shown) std::cerr << file << ": and " << bad.count() - shown << " more\n";
    std::cerr << "stockroom replay: nothing was sent\n";
}

int run(const ReplayOptions& options) {
    const auto bytes = read_file(options.file);
    if (!bytes) {
        std::cerr << "stockroom replay: " << bytes.error() << '\n';
        return runtime::kExitUsage;
    }
    const auto plan = read_replay_plan(*bytes);
    if (!plan) {
        print_bad_cells(options.file, plan.error());
        return runtime::kExitUsage;
    }

    Client client(*http_client::ServerUrl::parse(options.client.url), options.client.patience());
    std::expected<ReplayResult, std::string> result;
    {
        ProgressBar bar(std::cerr, standard_error_is_terminal(), "replaying", count_steps(*plan));
        result =
            replay(*plan, options.opening, client, [&bar](std::int64_t done) { bar.set(done); });
    }
    if (!result) {
        std::cerr << "stockroom replay: " << result.error() << '\n';
        return runtime::kExitFailed;
    }
    std::cout << (options.client.json ? to_json(*result) + '\n' : to_table(*result));
    return runtime::kExitDone;
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_code) {
    CLI::App* command =
        app.add_subcommand("replay", "Send a file of invoices to a running gateway");
    const auto options = std::make_shared<ReplayOptions>();
    command->add_option("FILE", options->file, "CSV: InvoiceNo,StockCode,…,Country")->required();
    command
        ->add_option("--opening", options->opening,
                     "Units of each item that there are to begin with, at main")
        ->required()
        ->check(CLI::Range(domain::Quantity{0}, domain::kMaxQuantity))
        ->type_name("N");
    add_client_options(*command, options->client);
    runtime::bind_environment(*command);
    command->footer(
        "The same file again changes nothing and prints the same. Exits with 2 when the file is "
        "bad:\n"
        "its lines and columns are named, and nothing is sent; with 1 when the server refuses or "
        "is\n"
        "away. examples/online-retail/README.md has the rules.");
    command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace stockroom
