#include "letter_keeper.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "stockroom/base/text.hpp"
#include "stockroom/contract/dead_letters.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::health {

namespace {

constexpr std::size_t kMessagesMax = 50;  // kept in one transaction
/// AMQP 0-9-1, 4.2.5.3: no name is longer.
constexpr std::size_t kNameMax = 255;

/// The name of a queue or message, where it can be one.
std::string read_name(const std::string& bytes) {
    const bool is_name = bytes.size() <= kNameMax && base::is_utf8(bytes) && !bytes.contains('\0');
    return is_name ? bytes : std::string();
}

}  // namespace

std::vector<domain::DeadLetterArrival> read_arrivals(const ports::Delivery& delivery) {
    const std::string queue = read_name(delivery.death.queue);
    const std::string message = read_name(delivery.message_id);
    std::vector<domain::DeadLetterArrival> arrivals;
    for (auto& letter : contract::read_dead_letters(queue, delivery.bytes))
        arrivals.push_back(
            {.id = letter.id,
             .queue = queue,
             .kind = std::move(letter.kind),
             .reason = delivery.death.reason.empty() ? "unknown" : delivery.death.reason,
             .redeliveries = delivery.death.redeliveries,
             .message = message,
             .again = delivery.earlier_deliveries > 0,
             .bytes = std::move(letter.bytes)});
    return arrivals;
}

LetterKeeper::LetterKeeper(ports::Consumer& consumer, ports::Store& store,
                           telemetry::Metrics& metrics)
    : consumer_(consumer),
      store_(store),
      kept_(metrics.counter("stockroom_dead_letters_kept_total",
                            "Dead letters taken from the bus and kept in the store")) {}

std::expected<std::size_t, ports::Error> LetterKeeper::keep(base::Deadline deadline) {
    if (taken_.empty()) {
        auto taken = consumer_.take(kMessagesMax, deadline);
        if (!taken) return std::unexpected(std::move(taken.error()));
        taken_ = *std::move(taken);
    }
    if (taken_.empty()) return 0;
    if (auto kept = keep_all(taken_); !kept) return std::unexpected(std::move(kept.error()));
    return std::exchange(taken_, {}).size();
}

auto LetterKeeper::keep_all(std::span<const ports::Delivery> deliveries) -> Result {
    std::vector<LetterChange> changes;
    for (const ports::Delivery& delivery : deliveries)
        for (auto& arrival : read_arrivals(delivery))
            changes.push_back(
                {.letter = arrival.id,
                 .change = [arrival = std::move(arrival)](const domain::Snapshot& snapshot) {
                     return domain::keep_dead_letter(snapshot, arrival);
                 }});
    const auto kept = change_letters(store_, changes);
    if (kept) {
        ack(deliveries);
        return {};
    }
    if (kept.error().kind != ports::ErrorKind::permanent) return kept;
    if (deliveries.size() > 1) return keep_each(deliveries);
    // It stays where it is, not acked, until somebody has looked at it.
    telemetry::log(telemetry::LogLevel::error, "a dead letter cannot be kept",
                   {{"queue", deliveries.front().death.queue},
                    {"message", deliveries.front().message_id},
                    {"detail", kept.error().detail}});
    return {};
}

auto LetterKeeper::keep_each(std::span<const ports::Delivery> deliveries) -> Result {
    for (std::size_t i = 0; i < deliveries.size(); ++i)
        if (auto kept = keep_all(deliveries.subspan(i, 1)); !kept) return kept;
    return {};
}

void LetterKeeper::ack(std::span<const ports::Delivery> deliveries) {
    std::vector<std::uint64_t> tags;
    for (const ports::Delivery& delivery : deliveries)
        tags.push_back(delivery.tag);
    kept_.add(static_cast<double>(deliveries.size()));
    // What came on a connection that is lost comes again, and changes nothing then.
    if (const auto acked = consumer_.ack(tags); !acked)
        telemetry::log(telemetry::LogLevel::warning, "dead letters could not be acked",
                       {{"detail", acked.error().detail}});
}

}  // namespace stockroom::health
