#include "endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stockroom::bus_amqp {
namespace {

TEST(ParseUrl, ReadsEveryPart) {
    const auto endpoint = parse_url("amqps://us%40er:pa%2Fss@broker.example:5679/shop", "ca.pem");
    ASSERT_TRUE(endpoint.has_value());
    EXPECT_EQ(endpoint->host, "broker.example");
    EXPECT_EQ(endpoint->port, 5679);
    EXPECT_EQ(endpoint->vhost, "shop");
    EXPECT_EQ(endpoint->user, "us@er");
    EXPECT_EQ(endpoint->password, "pa/ss");
    EXPECT_TRUE(endpoint->tls);
    EXPECT_EQ(endpoint->ca_file, "ca.pem");
}

TEST(ParseUrl, HasTheDefaultsOfRabbitMq) {
    for (const auto* url : {"amqp://localhost", "amqp://localhost/"}) {
        const auto endpoint = parse_url(url, "");
        ASSERT_TRUE(endpoint.has_value());
        EXPECT_EQ(endpoint->port, 5672);
        EXPECT_EQ(endpoint->vhost, "/");
        EXPECT_EQ(endpoint->user, "guest");
        EXPECT_FALSE(endpoint->tls);
    }
    EXPECT_EQ(parse_url("amqps://localhost", "")->port, 5671);
}

TEST(ParseUrl, RefusesWhatIsNoUrlOfABroker) {
    for (const auto* url : {"", "broker:5672", "http://broker", "amqp://broker:port",
                            "amqp://broker:0", "amqp://broker:70000", "amqp://a:b@c:1/d/e"})
        EXPECT_FALSE(parse_url(url, "").has_value()) << url;
}

TEST(ParseUrl, DoesNotShowThePassword) {
    const auto endpoint = parse_url("amqp://user:secret@broker:port", "");
    ASSERT_FALSE(endpoint.has_value());
    EXPECT_THAT(endpoint.error(), testing::Not(testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace stockroom::bus_amqp
