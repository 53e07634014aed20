#include "chunk_decoder.hpp"

#include <gtest/gtest.h>

namespace stockroom::http {
namespace {

using namespace std::string_literals;

constexpr std::size_t kBodyBytesMax = 1000;

struct Decoded {
    int status = 200;
    std::string body{};
    bool done = false;
    std::size_t taken = 0;

    bool operator==(const Decoded&) const = default;
};

/// Hands the text in, `step` bytes more at a time.
Decoded decode(const std::string& text, std::size_t step) {
    ChunkDecoder decoder;
    Decoded decoded;
    for (std::size_t arrived = 0; arrived < text.size() && !decoder.is_done();) {
        arrived = std::min(arrived + step, text.size());
        const std::string_view bytes =
            std::string_view(text).substr(decoded.taken, arrived - decoded.taken);
        const auto taken = decoder.decode(bytes, decoded.body, kBodyBytesMax);
        if (!taken) return {.status = taken.error().status};
        decoded.taken += *taken;
    }
    decoded.done = decoder.is_done();
    return decoded;
}

TEST(ChunkDecoder, DecodesWholeAndInPieces) {
    const struct {
        std::string text;
        std::string body;
    } rows[] = {
        {"0\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"1\r\na\r\n02\r\nbc\r\n000\r\n\r\n", "abc"},
        {"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
        {"2\r\n\r\n\r\n1\r\n\0\r\n0\r\n\r\n"s, "\r\n\0"s},
        {"1;a=b;c=\"d\"\r\nx\r\n0;e\r\n\r\n", "x"},
        {"1 ;a\r\nx\r\n0\r\n\r\n", "x"},
        {"1;" + std::string(255, 'a') + "\r\nx\r\n0\r\n\r\n", "x"},
        {"0\r\nA: b\r\nContent-Length: 5\r\n\r\n", ""},
        {"3E8\r\n" + std::string(1000, 'x') + "\r\n0\r\n\r\n", std::string(1000, 'x')},
    };
    for (const auto& row : rows) {
        const Decoded wanted{.body = row.body, .done = true, .taken = row.text.size()};
        for (const std::size_t step :
             {std::size_t{1}, std::size_t{2}, std::size_t{7}, row.text.size()})
            EXPECT_EQ(decode(row.text, step), wanted) << row.text << " by " << step;
        EXPECT_EQ(decode(row.text + "GET /", row.text.size() + 5), wanted) << row.text;
    }
}

TEST(ChunkDecoder, WaitsForMore) {
    const std::string whole = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const Decoded decoded = decode(whole.substr(0, length), 1);
        EXPECT_EQ(decoded.status, 200);
        EXPECT_FALSE(decoded.done) << length;
    }
}

TEST(ChunkDecoder, RefusesWhatIsMalformedOrTooLarge) {
    const struct {
        std::string text;
        int status;
    } rows[] = {
        {"\r\n", 400},
        {"x\r\n", 400},
        {"+5\r\nhello\r\n", 400},
        {"-5\r\nhello\r\n", 400},
        {"0x5\r\nhello\r\n", 400},
        {" 5\r\nhello\r\n", 400},
        {"5 \r\nhello\r\n", 400},
        {"5 5\r\nhello\r\n", 400},
        {"5,\r\nhello\r\n", 400},
        {"10000000000000005\r\nhello\r\n", 400},
        {"5\nhello\r\n", 400},
        {"5\rhello\r\n", 400},
        {"5;a\rb\r\nhello\r\n", 400},
        {"5;a\0b\r\nhello\r\n"s, 400},
        {"5;" + std::string(300, 'a') + "\r\nhello\r\n", 400},
        {std::string(300, '0') + "5\r\nhello\r\n", 400},
        {"4\r\nhello\r\n", 400},
        {"5\r\nhello\n0\r\n\r\n", 400},
        {"6\r\nhello\r\n0\r\n\r\n", 400},
        {"0\r\n\n", 400},
        {"0\r\nA: b\n\r\n", 400},
        {"0\r\nno colon\r\n\r\n", 400},
        {"0\r\nA: " + std::string(5000, 'x') + "\r\n\r\n", 400},
        {"3E9\r\n" + std::string(1001, 'x'), 413},
        {"3E8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n", 413},
        {"FFFFFFFFFFFFFFFF\r\n", 413},
    };
    for (const auto& row : rows) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, row.text.size()})
            EXPECT_EQ(decode(row.text, step).status, row.status) << row.text.substr(0, 60);
    }
}

TEST(ChunkDecoder, BoundsAllTrailersTogether) {
    std::string text = "0\r\n";
    for (int i = 0; i < 1500; ++i)
        text += "a: b\r\n";
    EXPECT_EQ(decode(text, text.size()).status, 400);
    EXPECT_EQ(decode(text, 1).status, 400);
}

}  // namespace
}  // namespace stockroom::http
