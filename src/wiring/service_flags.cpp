#include "service_flags.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "stockroom/runtime/command_line.hpp"
#include "stockroom/runtime/redact.hpp"
#include "stockroom/wiring/check.hpp"
#include "stockroom/wiring/store_url.hpp"

namespace stockroom::wiring {

namespace {

constexpr std::string_view kFooter =
    "The URLs have to be given. A password in one given on the command line can be seen by\n"
    "whoever may list this machine's processes; by STOCKROOM_STORE_URL and STOCKROOM_BUS_URL, or\n"
    "from a file, it cannot. The service starts also while the store or the bus is away, and "
    "waits\n"
    "for them. Standard output gets one line, `stockroom-{} is listening on URL`; the log goes to\n"
    "standard error, one JSON object a line.";

/// An empty path: there is none to be read.
std::expected<void, std::string> require_file(std::string_view flag, const std::string& path) {
    std::error_code ignored;
    if (path.empty() ||
        (!std::filesystem::is_directory(path, ignored) && std::ifstream(path).good()))
        return {};
    return std::unexpected(fmt::format("--{}: {} cannot be read", flag, runtime::redact(path)));
}

}  // namespace

void add_listen_flag(CLI::App& command, const About& about, std::string& listen) {
    listen = fmt::format("127.0.0.1:{}", about.port);
    command.add_option("--listen", listen, "Where to listen; port 0 takes a free one")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
}

void add_service_flags(CLI::App& command, const About& about, ServiceFlags& flags) {
    add_listen_flag(command, about, flags.listen);
    command.add_option("--store-url", flags.store_url, "The store")
        ->type_name("postgres://USER:PASSWORD@HOST:PORT/DATABASE");
    command
        .add_option("--store-url-file", flags.store_url_file, "A file that holds the store's URL")
        ->type_name("PATH");
    command.add_option("--bus-url", flags.bus_url, "The bus; amqps:// for TLS")
        ->type_name("amqp://USER:PASSWORD@HOST:PORT/VHOST");
    command.add_option("--bus-url-file", flags.bus_url_file, "A file that holds the bus's URL")
        ->type_name("PATH");
    command
        .add_option("--bus-ca-file", flags.bus_ca_file,
                    "For amqps://: who signs the bus's certificate, when the system does not know")
        ->type_name("PATH");
    if (about.has_classic)
        command.add_flag("--classic", flags.classic,
                         "Take what other programs send by the classic queues, too");
    runtime::add_log_level(command, flags.log_level);
    runtime::bind_environment(command);
    add_check(command, flags.check);
    command.footer(fmt::format(kFooter, about.name));
}

std::expected<http::Address, std::string> read_listen(const std::string& listen) {
    auto address = http::Address::parse(listen);
    if (!address)
        return std::unexpected("--listen: " + runtime::redact_in(address.error(), listen));
    return address;
}

std::expected<Settings, std::string> read_settings(const ServiceFlags& flags) {
    auto listen = read_listen(flags.listen);
    if (!listen) return std::unexpected(std::move(listen.error()));
    auto store = read_url("store-url", flags.store_url, flags.store_url_file);
    if (store) store = postgres_url(*store);
    if (!store) return std::unexpected(std::move(store.error()));
    auto bus = read_url("bus-url", flags.bus_url, flags.bus_url_file);
    if (!bus) return std::unexpected(std::move(bus.error()));
    if (!bus->starts_with("amqp://") && !bus->starts_with("amqps://"))
        return std::unexpected(fmt::format(
            "--bus-url: \"{}\" is no known kind of bus; give amqp://USER@HOST:PORT/VHOST or "
            "amqps://…",
            runtime::redact(*bus)));
    if (auto encoded = runtime::require_encoded_password(*bus); !encoded)
        return std::unexpected(fmt::format("--bus-url: \"{}\" cannot be used: {}",
                                           runtime::redact(*bus), encoded.error()));
    if (auto readable = require_file("bus-ca-file", flags.bus_ca_file); !readable)
        return std::unexpected(std::move(readable.error()));
    return Settings{.listen = *std::move(listen),
                    .store_url = *std::move(store),
                    .bus_url = *std::move(bus),
                    .bus_ca_file = flags.bus_ca_file,
                    .classic = flags.classic};
}

}  // namespace stockroom::wiring
