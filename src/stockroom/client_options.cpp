#include "client_options.hpp"

namespace stockroom {

void add_client_options(CLI::App& command, ClientOptions& options) {
    command.add_option("--url", options.url, "Where the gateway is")
        ->check([](const std::string& text) {
            const auto url = http_client::ServerUrl::parse(text);
            return url ? std::string() : url.error();
        })
        ->type_name("URL")
        ->capture_default_str();
    command
        .add_option("--patience", options.patience_seconds,
                    "How long to go on asking a server that went away or has no room")
        ->check(CLI::Range(0, 24 * 60 * 60))
        ->type_name("SECONDS")
        ->capture_default_str();
    command.add_flag("--json", options.json, "Print one JSON object, and nothing else, on stdout");
}

}  // namespace stockroom
