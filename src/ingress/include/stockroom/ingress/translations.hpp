#pragma once

#include "stockroom/contract/classic.hpp"
#include "stockroom/ingress/ingress.hpp"

namespace stockroom::ingress {

/// Wishes that a codec of the contract reads.
[[nodiscard]] inline Translate read_by(contract::ReadClassic (*read)(std::string_view)) {
    return [read](std::string_view bytes) -> std::expected<domain::CommandBody, std::string> {
        auto body = read(bytes);
        if (!body) return std::unexpected(contract::to_sentence(body.error()));
        return *std::move(body);
    };
}

/// Questions to which it is enough that somebody is there, whatever they say.
[[nodiscard]] inline Answer acknowledge(std::string_view queue) {
    return [answer = contract::classic_message(queue)] { return answer; };
}

}  // namespace stockroom::ingress
