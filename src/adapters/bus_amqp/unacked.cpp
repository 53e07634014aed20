#include "unacked.hpp"

#include <algorithm>
#include <iterator>

namespace stockroom::bus_amqp {

void Unacked::connection_lost() {
    base_ = last_;
    tags_.clear();
}

std::uint64_t Unacked::add(std::uint64_t broker_tag) {
    last_ = base_ + broker_tag;
    tags_.insert(tags_.end(), last_);
    return last_;
}

auto Unacked::check(std::span<const std::uint64_t> tags) const -> Known {
    Known known = Known::all;
    for (const auto tag : tags) {
        if (tags_.contains(tag)) continue;
        if (tag == 0 || tag > base_) return Known::never;
        known = Known::stale;
    }
    return known;
}

std::size_t Unacked::count_from(std::uint64_t tag) const {
    return static_cast<std::size_t>(std::distance(tags_.lower_bound(tag), tags_.end()));
}

std::vector<Settlement> Unacked::settle(std::span<const std::uint64_t> tags,
                                        Settlement::Kind kind) {
    std::vector<std::uint64_t> sorted(tags.begin(), tags.end());
    std::ranges::sort(sorted);
    std::vector<Settlement> settlements;
    bool is_prefix = true;  // so far these are all there are
    for (const auto tag : sorted) {
        const auto found = tags_.find(tag);
        if (found == tags_.end()) continue;  // named twice
        is_prefix = is_prefix && found == tags_.begin();
        if (is_prefix && !settlements.empty()) {
            settlements.back() = {.kind = kind, .tag = tag - base_, .multiple = true};
        } else {
            settlements.push_back({.kind = kind, .tag = tag - base_});
        }
        tags_.erase(found);
    }
    return settlements;
}

}  // namespace stockroom::bus_amqp
