#include "stockroom/domain/decide.hpp"

#include <algorithm>
#include <type_traits>

#include "rules.hpp"

namespace stockroom::domain {

namespace {

template <typename Key>
void sort_and_drop_doubles(std::vector<Key>& keys) {
    std::ranges::sort(keys);
    const auto doubles = std::ranges::unique(keys);
    keys.erase(doubles.begin(), doubles.end());
}

}  // namespace

void add_keys(const Command& command, Keys& keys) {
    std::visit(
        [&keys]<typename Wish>(const Wish& wish) {
            if constexpr (std::is_same_v<Wish, PlaceOrder>) {
                for (const OrderedLine& line : wish.lines)
                    keys.skus.push_back(line.sku);
            } else if constexpr (requires { wish.order; }) {
                keys.orders.push_back(wish.order);
            } else if constexpr (requires { wish.sku; }) {
                keys.skus.push_back(wish.sku);
            } else if constexpr (requires { wish.srn; }) {
                keys.records.push_back(wish.srn);
            } else if constexpr (requires { wish.letter; }) {
                keys.dead_letters.push_back(wish.letter);
            } else {
                // All locations are loaded anyway.
                static_assert(std::is_same_v<Wish, CreateLocation> || std::is_same_v<Wish, Ping>);
            }
        },
        command.body);
}

void normalize(Keys& keys) {
    sort_and_drop_doubles(keys.orders);
    sort_and_drop_doubles(keys.skus);
    sort_and_drop_doubles(keys.records);
    sort_and_drop_doubles(keys.dead_letters);
}

Outcome decide(Draft& /*draft*/, const Ping& /*wish*/) {
    return outcome(PingOutcome::answered);
}

Decision decide(const Snapshot& snapshot, const Command& command) {
    Draft draft(snapshot, command.id, command.actor);
    Outcome outcome =
        std::visit([&draft](const auto& wish) { return decide(draft, wish); }, command.body);
    return {std::move(outcome), draft.finish()};
}

}  // namespace stockroom::domain
