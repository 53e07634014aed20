#include "stockroom/contract/dead_letters.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/samples.hpp"

namespace stockroom::contract {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kQueue = "stockroom.orders";

ReadDeadLetter only(std::string_view bytes, std::string_view queue = kQueue) {
    auto letters = read_dead_letters(queue, bytes);
    EXPECT_EQ(letters.size(), 1U) << bytes;
    return letters.front();
}

TEST(ReadDeadLetters, KnowACommandByItsId) {
    const auto command = testing::command_text(testing::CommandKind::place_order, "{}");
    const auto letter = only(command);
    EXPECT_EQ(letter.id, testing::uuid("01938a1e-4c00-7000-8000-0000000000aa"));
    EXPECT_EQ(letter.kind, "place_order");
    EXPECT_EQ(letter.bytes, command);
    EXPECT_EQ(only(R"({"id":"01938a1e-4c00-7000-8000-0000000000aa","kind":"sing"})").kind, "");
}

TEST(ReadDeadLetters, KnowWhatHasNoIdByItsQueueAndBytes) {
    const std::string_view nonsense[] = {
        "",
        "{",
        "\xff\xfe",
        "5",
        "[]",
        "[1]",
        R"({"id":5})",
        R"(["message","Healthcheck"])",
        R"({"sku":"IB1"})",
        R"([{"id":"01938a1e-4c00-7000-8000-0000000000aa"},{"sku":"IB1"}])"};
    std::vector<base::Uuid> ids;
    for (const auto bytes : nonsense) {
        const auto letter = only(bytes);
        EXPECT_EQ(letter.bytes, bytes);
        EXPECT_EQ(letter.kind, "");
        EXPECT_EQ(letter.id, only(bytes).id);
        EXPECT_NE(letter.id, only(bytes, "create_item").id);
        EXPECT_EQ(letter.id.to_string().at(14), '8');
        ids.push_back(letter.id);
    }
    std::ranges::sort(ids);
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
}

TEST(ReadDeadLetters, TakeCommandsOutOfTheirArray) {
    const auto first = testing::command_text(testing::CommandKind::place_order, R"({"a":1.50})");
    const std::string second = R"({"id":"01938a1e-4c00-7000-8000-0000000000bb"})";
    const auto letters = read_dead_letters(kQueue, "[" + first + " , " + second + "]");
    ASSERT_EQ(letters.size(), 2U);
    EXPECT_EQ(letters[0].bytes, first);
    EXPECT_EQ(letters[0].kind, "place_order");
    EXPECT_EQ(letters[1].bytes, second);
    EXPECT_EQ(letters[1].id, testing::uuid("01938a1e-4c00-7000-8000-0000000000bb"));
}

std::string written(const domain::DeadLetter& letter) {
    std::string out;
    JsonWriter json(out);
    write_with_body(json, letter);
    return out;
}

domain::DeadLetter with_body(std::string body, std::int64_t size = -1) {
    auto letter = testing::sample_dead_letter();
    letter.size = size < 0 ? static_cast<std::int64_t>(body.size()) : size;
    letter.bytes = std::move(body);
    return letter;
}

TEST(WriteWithBody, ShowsEverything) {
    EXPECT_EQ(written(with_body("{\"a\":\n1}")),
              R"({"id":"01938a1e-4c00-7000-8000-000000000001","state":"replaying",)"
              R"("queue":"stockroom.orders","kind":"place_order","reason":"it broke","count":2,)"
              R"("redeliveries":1,"size":8,"first_at":"2023-11-14T22:13:20.123456Z",)"
              R"("last_at":"2023-11-14T22:14:20.123456Z","decision":{"actor":"user:1",)"
              R"("reason":"the bug is mended","at":"2023-11-14T22:14:50.123456Z"},"version":5,)"
              R"("encoding":"utf-8","body":"{\"a\":\n1}"})");
}

TEST(WriteWithBody, LeavesOutWhatIsNotKnown) {
    auto letter = with_body("");
    letter.queue = letter.kind = "";
    letter.decision.reset();
    const auto text = written(letter);
    for (const auto* name : {"queue", "kind", "decision", "truncated"})
        EXPECT_THAT(text, Not(HasSubstr("\"" + std::string(name) + "\"")));
    EXPECT_THAT(text, HasSubstr(R"("encoding":"utf-8","body":"")"));
}

TEST(WriteWithBody, ShowsWhatIsNoTextInBase64) {
    EXPECT_THAT(written(with_body("\xff\xfe\n")),
                HasSubstr(R"("encoding":"base64","body":"//4K"})"));
    auto letter = with_body("x");
    letter.reason = "said \xff";
    EXPECT_THAT(written(letter), HasSubstr(R"("reason":"said ?")"));
    EXPECT_TRUE(read_json(written(letter)));
}

TEST(WriteWithBody, CutsATextBetweenCodePoints) {
    const std::string text = "a\u20ac";
    for (std::size_t length = 1; length < text.size(); ++length)
        EXPECT_THAT(written(with_body(text.substr(0, length), 100)),
                    HasSubstr(R"("encoding":"utf-8","body":"a","truncated":true)"))
            << length;
    // The end of a whole body is no cut.
    EXPECT_THAT(written(with_body("a\xe2")), HasSubstr(R"("encoding":"base64")"));
}

TEST(ToBase64, IsAsInTheRfc) {
    // RFC 4648 section 10.
    const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : vectors)
        EXPECT_EQ(to_base64(bytes), text);
}

}  // namespace
}  // namespace stockroom::contract
