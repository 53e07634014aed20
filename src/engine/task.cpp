#include "task.hpp"

#include <utility>

#include <fmt/format.h>

#include "stockroom/contract/names.hpp"

namespace stockroom::engine {

Intake read(std::span<const ports::Delivery> deliveries, std::string_view queue) {
    Intake intake;
    intake.tasks.reserve(deliveries.size());
    for (const auto& delivery : deliveries) {
        auto elements = contract::decode_message(delivery.bytes);
        const bool alone = elements.size() == 1;
        for (auto& element : elements) {
            if (!element) {
                intake.rejects.push_back({&delivery, std::move(element.error().text),
                                          std::move(element.error().reason)});
                continue;
            }
            Task task{.delivery = &delivery, .read = *std::move(element), .alone = alone};
            if (task.read.kind == domain::CommandKind::ping) {
                intake.pings.push_back(std::move(task));
            } else if (contract::is_for(task.read.kind, queue)) {
                intake.tasks.push_back(std::move(task));
            } else {
                intake.rejects.push_back({&delivery, task.bytes(),
                                          fmt::format("{} is not for the queue {}",
                                                      contract::to_string(task.read.kind), queue)});
            }
        }
    }
    return intake;
}

}  // namespace stockroom::engine
