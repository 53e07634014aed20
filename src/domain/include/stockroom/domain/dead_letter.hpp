#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stockroom/domain/state.hpp"

namespace stockroom::domain {

/// waiting → replaying → replayed, or waiting → discarded; from each of them back to waiting when
/// the same letter comes again, and from replaying when it cannot be sent.
enum class DeadLetterState { waiting, replaying, replayed, discarded };

/// What somebody has decided about a dead letter.
struct DeadLetterDecision {
    std::string actor;
    std::string reason;  // why; may be empty
    Time at;
    friend bool operator==(const DeadLetterDecision&, const DeadLetterDecision&) = default;
};

/// A message, or one command of it, that could not be decided.
struct DeadLetter {
    Uuid id;               // its command's, where that can be read; else made of queue and bytes
    std::string queue{};   // where it came from; empty: nobody knows
    std::string kind{};    // its command's; empty: unknown
    std::string reason{};  // why it died, the last time; bytes that need be no UTF-8
    DeadLetterState state = DeadLetterState::waiting;
    std::int64_t count = 1;         // how often it died
    std::int64_t redeliveries = 0;  // of the last time: how often it was given out again
    std::int64_t size = 0;          // bytes of its body
    Time first_at{};                // when it came
    Time last_at{};
    std::optional<DeadLetterDecision> decision{};  // the last one
    /// What its last arrival is known by; empty: it died, as its command's service has written
    /// down, and has not yet come.
    std::string message{};
    Version version = 1;  // 0: written down, and not yet come
    /// Its body, where it has just come. What the store loads for a decision is without.
    std::string bytes{};
    friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

/// Whether its command is dead; else it is on its way once more.
[[nodiscard]] bool is_dead(const DeadLetter& letter);

/// A dead letter as it comes.
struct DeadLetterArrival {
    Uuid id;
    std::string queue{};
    std::string kind{};
    std::string reason{};
    std::int64_t redeliveries = 0;
    std::string message{};  // what it is known by; empty: by nothing
    bool again = false;     // it was given out before, perhaps to one who has kept it
    std::string bytes{};
};

/// Says that an arrival is known by nothing, where an empty text would mean that none was.
inline constexpr const char* kUnknownMessage = "-";

/// Who keeps and replays dead letters when nobody asks for it.
inline constexpr const char* kDeadLetterActor = "system:dead_letters";

}  // namespace stockroom::domain
