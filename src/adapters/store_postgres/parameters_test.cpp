#include "parameters.hpp"

#include <gtest/gtest.h>

namespace stockroom::store_postgres {

namespace {

using std::string_literals::operator""s;

template <typename T>
std::string encoded(const Array<T>& array) {
    Parameters parameters;
    parameters.add(array);
    return std::string(parameters.values().at(0).value());
}

}  // namespace

// As array_send and its siblings write them: dimensions, has null, type; size, first index; then
// each element with its length.
TEST(Parameters, AnArrayOfIntegersWithANull) {
    Array<std::int64_t> array;
    array.add(-2);
    array.add(std::optional<std::int64_t>{});
    array.add(std::optional<std::int64_t>{258});
    EXPECT_EQ(encoded(array),
              "\0\0\0\1\0\0\0\1\0\0\0\x14"
              "\0\0\0\3\0\0\0\1"
              "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe"
              "\xff\xff\xff\xff"
              "\0\0\0\x8\0\0\0\0\0\0\1\2"s);
}

TEST(Parameters, AnArrayOfTextsQuotesNothing) {
    Array<std::string_view> array;
    array.add("");
    array.add("a\0b"s);
    array.add("{\"',\\ß}"s);
    EXPECT_EQ(encoded(array),
              "\0\0\0\1\0\0\0\0\0\0\0\x19"
              "\0\0\0\3\0\0\0\1"
              "\0\0\0\0"
              "\0\0\0\3a\0b"
              "\0\0\0\x8{\"',\\ß}"s);
}

TEST(Parameters, AnEmptyArrayHasNoDimension) {
    EXPECT_EQ(encoded(Array<base::Uuid>{}), "\0\0\0\0\0\0\0\0\0\0\x0b\x86"s);
}

TEST(Parameters, TellsTypesAndKeepsNullApartFromEmpty) {
    Parameters parameters;
    parameters.add(true);
    parameters.add(std::optional<base::Time>{});
    parameters.add(std::string());
    parameters.add(Bytes{"\0\xff"s});
    EXPECT_EQ(parameters.oids(), (std::vector<std::uint32_t>{16, 20, 25, 17}));
    const auto values = parameters.values();
    ASSERT_EQ(values.size(), 4U);
    EXPECT_EQ(values[0], "\1");
    EXPECT_EQ(values[1], std::nullopt);
    EXPECT_EQ(values[2], "");
    EXPECT_EQ(values[3], "\0\xff"s);
}

}  // namespace stockroom::store_postgres
