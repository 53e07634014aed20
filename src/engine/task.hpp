#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/contract/codec.hpp"
#include "stockroom/ports/bus.hpp"

namespace stockroom::engine {

/// One command of a delivery, read.
struct Task {
    const ports::Delivery* delivery;
    contract::ReadCommand read;
    bool alone = true;  // the only one of its message

    /// Its JSON, for who must look at it; the whole message where it cannot be told apart.
    [[nodiscard]] std::string bytes() const {
        if (alone || !read.command) return delivery->bytes;
        return contract::encode_command(*read.command);
    }
};

/// Part of a message that no outcome can be given for.
struct Reject {
    const ports::Delivery* delivery;
    std::string bytes;
    std::string reason;
};

struct Intake {
    std::vector<Task> tasks;
    std::vector<Task> pings;
    std::vector<Reject> rejects;
};

/// Reads the commands of these messages, in order. What cannot be read, or belongs to another
/// queue, is rejected. Both refer to the deliveries.
[[nodiscard]] Intake read(std::span<const ports::Delivery> deliveries, std::string_view queue);

}  // namespace stockroom::engine
