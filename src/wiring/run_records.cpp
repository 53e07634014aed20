#include "stockroom/records/service.hpp"
#include "stockroom/wiring/run.hpp"

#include "service.hpp"

namespace stockroom::wiring {

int run_records(int argc, char** argv, const Wrap& wrap) {
    const About about{
        .name = "records", .summary = "Inserts, replaces and deletes records.", .port = 8087};
    return run_service(
        about, argc, argv, wrap, [](Backends& with, const engine::OnFailure& on_failure) {
            return std::make_unique<HostedService<records::RecordsService>>(
                with.bus(), with.make_store(), with.metrics(), on_failure, with.decide());
        });
}

}  // namespace stockroom::wiring
