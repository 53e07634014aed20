#include "wish.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

using domain::CommandKind;

http::Request sending(std::string body) {
    http::Request request;
    request.method = "POST";
    request.headers.emplace_back("content-type", "application/json");
    request.body = std::move(body);
    return request;
}

http::Request with_header(http::Request request, std::string name, std::string value) {
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
}

http::Request at_path(http::Request request, std::string name, std::string value) {
    request.path_parameters.emplace(std::move(name), std::move(value));
    return request;
}

constexpr std::string_view kOrderId = "01938a1e-4c00-7000-8000-000000000001";
constexpr std::string_view kOrder = R"({"lines":[{"sku":"IB1","quantity":2}]})";

http::Request order() {
    return sending(std::string(kOrder));
}

http::Request without_body(std::string id) {
    return at_path(http::Request(), "id", std::move(id));
}

TEST(Wish, IsACommandOfTheKind) {
    const auto wish = read_wish(CommandKind::place_order, order());
    ASSERT_TRUE(wish) << wish.error().detail;
    EXPECT_EQ(wish->command.kind(), CommandKind::place_order);
    EXPECT_EQ(wish->command.actor, kAnonymous);
    EXPECT_FALSE(wish->keyed);
    const auto& body = std::get<domain::PlaceOrder>(wish->command.body);
    ASSERT_EQ(body.lines.size(), 1U);
    EXPECT_EQ(body.lines[0].sku.text(), "IB1");
    EXPECT_EQ(body.lines[0].quantity, 2);
}

TEST(Wish, HasAFreshIdWithoutAKey) {
    const auto one = read_wish(CommandKind::place_order, order());
    const auto other = read_wish(CommandKind::place_order, order());
    ASSERT_TRUE(one && other);
    EXPECT_NE(one->command.id, other->command.id);
    EXPECT_EQ(one->command.id.bytes()[6] >> 4U, 7);
}

TEST(Wish, HasTheSameIdUnderTheSameKey) {
    const auto keyed = [](const char* key) {
        return read_wish(CommandKind::place_order, with_header(order(), "idempotency-key", key));
    };
    const auto one = keyed("k-1");
    const auto again = keyed("k-1");
    const auto other = keyed("k-2");
    ASSERT_TRUE(one && again && other);
    EXPECT_TRUE(one->keyed);
    EXPECT_EQ(one->command.id, again->command.id);
    EXPECT_NE(one->command.id, other->command.id);
    EXPECT_EQ(one->command.id.bytes()[6] >> 4U, 8);
}

TEST(Wish, TakesThingsFromThePathAndIfMatch) {
    const auto request = with_header(without_body(std::string(kOrderId)), "if-match", "\"3\"");
    const auto wish = read_wish(CommandKind::confirm_order, request);
    ASSERT_TRUE(wish) << wish.error().detail;
    const auto& body = std::get<domain::ConfirmOrder>(wish->command.body);
    EXPECT_EQ(body.order.to_string(), kOrderId);
    EXPECT_EQ(body.expected_version, 3);
}

TEST(Wish, HasNoExpectedVersionForAnyMatch) {
    const auto request = with_header(without_body(std::string(kOrderId)), "if-match", "*");
    const auto wish = read_wish(CommandKind::cancel_order, request);
    ASSERT_TRUE(wish) << wish.error().detail;
    EXPECT_EQ(std::get<domain::CancelOrder>(wish->command.body).expected_version, std::nullopt);
}

TEST(Wish, TakesAMergePatchOfAnItem) {
    http::Request request = at_path(sending(R"({"price":"26.50"})"), "sku", "IB1");
    request.headers.front().second = "application/merge-patch+json";
    const auto wish = read_wish(CommandKind::change_item, request);
    ASSERT_TRUE(wish) << wish.error().detail;
    EXPECT_EQ(std::get<domain::ChangeItem>(wish->command.body).sku.text(), "IB1");
    EXPECT_EQ(read_wish(CommandKind::place_order, request).error().status, 415);
}

TEST(Wish, NamesWhatIsWrong) {
    http::Request plain = order();
    plain.headers.front().second = "text/plain";
    http::Request untyped = order();
    untyped.headers.clear();

    struct Row {
        std::string_view what;
        CommandKind kind;
        http::Request request;
        int status;
        std::string type;
        std::string field;
    };
    const std::string id(kOrderId);
    const Row rows[] = {
        {"another media type", CommandKind::place_order, plain, 415, "unsupported_media_type", ""},
        {"no media type", CommandKind::place_order, untyped, 415, "unsupported_media_type", ""},
        {"an encoding", CommandKind::place_order, with_header(order(), "content-encoding", "gzip"),
         415, "unsupported_media_type", ""},
        {"broken JSON", CommandKind::place_order, sending("{"), 400, "malformed_json", ""},
        {"no JSON", CommandKind::place_order, sending(""), 400, "malformed_json", ""},
        {"an array", CommandKind::confirm_order, at_path(sending("[]"), "id", id), 422,
         "invalid_field", ""},
        {"an unknown field", CommandKind::place_order,
         sending(R"({"lines":[{"sku":"IB1","quantity":2}],"colour":1})"), 422, "invalid_field",
         "colour"},
        {"a wrong quantity", CommandKind::place_order,
         sending(R"({"lines":[{"sku":"IB1","quantity":2},{"sku":"IB1","quantity":0}]})"), 422,
         "invalid_field", "lines[1].quantity"},
        {"an id that is no UUID", CommandKind::confirm_order, without_body("17"), 422,
         "invalid_field", "id"},
        {"a SKU that can be none", CommandKind::retire_item, at_path(http::Request(), "sku", "clé"),
         404, "item_not_found", ""},
        {"the path's thing in the body", CommandKind::change_item,
         at_path(sending(R"({"sku":"IB2"})"), "sku", "IB1"), 422, "invalid_field", "sku"},
        {"an empty key", CommandKind::place_order, with_header(order(), "idempotency-key", ""), 400,
         "invalid_header", "Idempotency-Key"},
        {"two keys", CommandKind::place_order,
         with_header(with_header(order(), "idempotency-key", "a"), "idempotency-key", "b"), 400,
         "invalid_header", "Idempotency-Key"},
        {"a malformed If-Match", CommandKind::confirm_order,
         with_header(without_body(id), "if-match", "3"), 400, "invalid_header", "If-Match"},
        {"If-Match on something new", CommandKind::place_order,
         with_header(order(), "if-match", "\"3\""), 400, "invalid_header", "If-Match"},
    };
    for (const Row& row : rows) {
        const auto wish = read_wish(row.kind, row.request);
        ASSERT_FALSE(wish) << row.what;
        EXPECT_EQ(wish.error().status, row.status) << row.what;
        EXPECT_EQ(wish.error().type, row.type) << row.what;
        EXPECT_EQ(wish.error().field, row.field) << row.what;
    }
}

}  // namespace
}  // namespace stockroom::gateway
