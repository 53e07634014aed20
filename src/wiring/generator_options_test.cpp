#include "stockroom/wiring/generator_options.hpp"

#include <gtest/gtest.h>

namespace stockroom::wiring {
namespace {

using std::chrono::milliseconds;

TEST(ParseInterval, ReadsAWholeNumberAndItsUnit) {
    EXPECT_EQ(parse_interval("1ms"), milliseconds(1));
    EXPECT_EQ(parse_interval("1500ms"), milliseconds(1'500));
    EXPECT_EQ(parse_interval("2s"), milliseconds(2'000));
    EXPECT_EQ(parse_interval("1m"), milliseconds(60'000));
    EXPECT_EQ(parse_interval("60m"), milliseconds(3'600'000));
    EXPECT_EQ(parse_interval("1h"), milliseconds(3'600'000));
}

TEST(ParseInterval, RefusesTheRest) {
    for (const auto* text : {"", "2", "s", "0s", "0ms", "-1s", "1.5s", "2 s", "2S", "2d", "61m",
                             "2h", "3600001ms", "99999999999999999999s", "9223372036854775807h"})
        EXPECT_FALSE(parse_interval(text)) << text;
}

TEST(GeneratorOptions, AreReadUnderTheirPrefix) {
    CLI::App app;
    generator::Options options;
    add_generator_options(app, "generator-", options);
    app.parse(
        "--generator-every 25ms --generator-seed 7 --generator-orders fulfilled "
        "--generator-in-flight 3 --generator-started");
    EXPECT_EQ(options.every, milliseconds(25));
    EXPECT_EQ(options.seed, 7U);
    EXPECT_EQ(options.placed, generator::Placed::fulfilled);
    EXPECT_EQ(options.in_flight_max, 3U);
    EXPECT_TRUE(options.started);
}

TEST(GeneratorOptions, AreRefusedWhenWrong) {
    for (const auto* wrong : {"--every 0s", "--every often", "--orders eaten", "--in-flight 0",
                              "--seed -1", "--seed x"}) {
        CLI::App app;
        generator::Options options;
        add_generator_options(app, "", options);
        EXPECT_THROW(app.parse(std::string(wrong)), CLI::ParseError) << wrong;
    }
}

TEST(UrlOf, IsReachableFromHere) {
    EXPECT_EQ(url_of({.host = "127.0.0.1", .port = 8080}).to_string(), "http://127.0.0.1:8080");
    EXPECT_EQ(url_of({.host = "0.0.0.0", .port = 1}).to_string(), "http://127.0.0.1:1");
    EXPECT_EQ(url_of({.host = "::", .port = 1}).to_string(), "http://[::1]:1");
}

}  // namespace
}  // namespace stockroom::wiring
