#include "stockroom/relay/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

namespace {

/// Its user may read the log, and no other table.
StoreWatch::Ask ask_by_log(Backends& with) {
    return [log = std::shared_ptr(with.make_relay_log())]() -> std::expected<void, ports::Error> {
        auto head = log->log_head();
        if (head) return {};
        return std::unexpected(std::move(head.error()));
    };
}

}  // namespace

int run_relay(int argc, char** argv, const Wrap& wrap) {
    const About about{
        .name = "relay", .summary = "Publishes what has been committed, in order.", .port = 8084};
    return run_service(
        about, argc, argv, wrap,
        [](Backends& with, const engine::OnFailure& on_failure) {
            return std::make_unique<HostedService<relay::RelayService>>(
                with.event_bus(), with.make_relay_log(), with.metrics(), on_failure);
        },
        ask_by_log);
}

}  // namespace stockroom::wiring
