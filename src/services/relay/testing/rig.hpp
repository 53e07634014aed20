#pragma once

#include <numeric>

#include <gtest/gtest.h>

#include "stockroom/relay/relay.hpp"

#include "fakes.hpp"

namespace stockroom::relay::testing {

/// The positions 1 to `last`.
inline std::vector<std::int64_t> up_to(std::int64_t last) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(last));
    std::iota(all.begin(), all.end(), 1);
    return all;
}

/// A relay whose time goes by hand.
struct Rig {
    explicit Rig(World& the_world, std::size_t events_max = 4) : world(the_world) {
        options.events_max = events_max;
        options.now = [this] { return time; };
        remake();
    }
    /// As after its process died.
    void remake() {
        relay.reset();
        log = std::make_unique<World::Log>(world);
        relay = std::make_unique<Relay>(options, publisher, *log, metrics);
    }
    void step(int times = 1) {
        for (int i = 0; i < times; ++i)
            rest = relay->step();
    }
    [[nodiscard]] std::string metric(const std::string& name) const {
        const std::string text = metrics.to_text();
        const auto at = text.find("\n" + name + " ");
        EXPECT_NE(at, std::string::npos) << name;
        const auto begin = at + name.size() + 2;
        return text.substr(begin, text.find('\n', begin) - begin);
    }

    World& world;
    base::Deadline time{std::chrono::hours(1)};
    RelayOptions options;
    telemetry::Metrics metrics;
    World::Publisher publisher{world};
    std::unique_ptr<World::Log> log;
    std::unique_ptr<Relay> relay;
    std::chrono::milliseconds rest{};
};

/// Fails the calls of this name for as long as `fails`.
inline void fail_calls(World& world, std::string name, const bool& fails,
                       ports::ErrorKind kind = ports::ErrorKind::retryable) {
    world.on_call = [name = std::move(name), &fails,
                     kind](std::string_view call) -> std::optional<ports::Error> {
        if (!fails || call != name) return std::nullopt;
        return ports::Error{kind, name + " failed"};
    };
}

}  // namespace stockroom::relay::testing
