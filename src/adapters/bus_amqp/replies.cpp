#include "replies.hpp"

#include <map>
#include <utility>

namespace stockroom::bus_amqp {

namespace {

constexpr std::size_t kOutcomesMax = 256;
constexpr std::size_t kBytesMax = 1024 * 1024;

/// The message of an address and correlation id that still takes some.
struct Open {
    std::size_t index = 0;
    std::size_t outcomes = 0;
};

}  // namespace

std::vector<ReplyMessage> join(std::vector<ports::Reply> replies) {
    std::vector<ReplyMessage> messages;
    std::map<std::pair<std::string, std::string>, Open> open;
    for (auto& reply : replies) {
        if (reply.reply_to.empty()) continue;
        const auto place =
            open.try_emplace({std::move(reply.reply_to), std::move(reply.correlation_id)}).first;
        const auto& [reply_to, correlation_id] = place->first;
        auto& [index, outcomes] = place->second;
        const bool fits = outcomes > 0 && outcomes < kOutcomesMax &&
                          messages[index].bytes.size() + reply.bytes.size() < kBytesMax;
        if (!fits) {
            if (outcomes > 1) messages[index].bytes += ']';
            index = messages.size();
            outcomes = 1;
            messages.push_back({reply_to, correlation_id, std::move(reply.bytes)});
            continue;
        }
        auto& bytes = messages[index].bytes;
        if (outcomes++ == 1) bytes.insert(0, 1, '[');
        bytes += ',';
        bytes += reply.bytes;
    }
    for (const auto& [key, last] : open)
        if (last.outcomes > 1) messages[last.index].bytes += ']';
    return messages;
}

}  // namespace stockroom::bus_amqp
