// A service built wrongly: which one by the name that this program is called by (a link
// stockroom-orders to it), in which way by STOCKROOM_RIG.

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "stockroom/wiring/run.hpp"

#include "rigs.hpp"

namespace {

using stockroom::wiring::Wrap;

std::optional<Wrap> find_rig(std::string_view name) {
    namespace rigged = stockroom::rigged;
    if (name == "ack_before_commit") return Wrap{.bus = rigged::ack_before_commit};
    if (name == "no_confirms") return Wrap{.bus = rigged::no_confirms};
    if (name == "killed_after_publishing") return Wrap{.bus = rigged::killed_after_publishing};
    if (name == "no_outcomes") return Wrap{.store = rigged::no_outcomes};
    if (name == "trip") return Wrap{.decide = rigged::trip};
    if (name == "killed_by_a_command") return Wrap{.decide = rigged::killed_by_a_command};
    return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    namespace wiring = stockroom::wiring;
    const char* rig_name = std::getenv("STOCKROOM_RIG");
    const auto rig = find_rig(rig_name == nullptr ? "" : rig_name);
    const auto service = std::filesystem::path(argv[0]).filename().string();
    if (rig) {
        if (service == "stockroom-gateway") return wiring::run_gateway(argc, argv, *rig);
        if (service == "stockroom-catalogue") return wiring::run_catalogue(argc, argv, *rig);
        if (service == "stockroom-stock") return wiring::run_stock(argc, argv, *rig);
        if (service == "stockroom-orders") return wiring::run_orders(argc, argv, *rig);
        if (service == "stockroom-health") return wiring::run_health(argc, argv, *rig);
    }
    fmt::print(stderr, "call it by the name of a service, with STOCKROOM_RIG set\n");
    return 2;
}
