#include "form.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace stockroom::gateway {
namespace {

std::optional<std::string> json_of(std::string_view type, std::string_view body) {
    http::Request request;
    request.body = body;
    if (!type.empty()) request.headers.emplace_back("content-type", type);
    return body_as_json(request);
}

constexpr std::string_view kEncoded = "application/x-www-form-urlencoded";
constexpr std::string_view kParts = "multipart/form-data; boundary=xyz";

TEST(BodyAsJson, ReadsAnEncodedForm) {
    EXPECT_EQ(json_of(kEncoded, "Name=Zo%C3%AB+B&SRN=R%2F1&Section="),
              R"({"Name":"Zoë B","SRN":"R/1","Section":""})");
    EXPECT_EQ(json_of("Application/X-WWW-Form-Urlencoded ; charset=UTF-8", "SRN=1"),
              R"({"SRN":"1"})");
    EXPECT_EQ(json_of(kEncoded, ""), "{}");
    EXPECT_EQ(json_of(kEncoded, "SRN=1&SRN=2"), R"({"SRN":"1","SRN":"2"})");
    EXPECT_FALSE(json_of(kEncoded, "SRN=%FF"));
    EXPECT_FALSE(json_of(kEncoded, "SRN=%4"));
}

TEST(BodyAsJson, ReadsAFormOfParts) {
    EXPECT_EQ(json_of(kParts,
                      "--xyz\r\nContent-Disposition: form-data; name=\"Name\"\r\n\r\nZoë\r\nB\r\n"
                      "--xyz\r\nX: y\r\ncontent-disposition: form-data; filename=\"a;name=b\"; "
                      "name=\"SRN\"\r\nContent-Type: text/plain\r\n\r\nR1\r\n"
                      "--xyz\r\nContent-Disposition: form-data; name=Section\r\n\r\n\r\n"
                      "--xyz--\r\n"),
              R"({"Name":"Zoë\r\nB","SRN":"R1","Section":""})");
    EXPECT_EQ(json_of("multipart/form-data; charset=utf-8; BOUNDARY=\"x y\"",
                      "before\r\n--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                      "--x y--after"),
              R"({"a":"1"})");
    EXPECT_EQ(
        json_of(kParts,
                "--xyz \t \r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
                "--xyz\t\r\nContent-Disposition: form-data; name=b\r\n\r\n2\r\n--xyz--  \r\n"),
        R"({"a":"1","b":"2"})")
        << "blanks may follow a boundary";
    EXPECT_EQ(json_of(kParts, "--xyz--"), "{}");
}

TEST(BodyAsJson, RefusesPartsThatAreNone) {
    constexpr std::string_view kPart = "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n";
    EXPECT_TRUE(json_of(kParts, std::string(kPart) + "\r\n1\r\n--xyz--"));
    for (const auto& wrong : {
             std::string(),
             std::string("a=1"),
             std::string("--xy"),
             std::string(kPart),
             std::string(kPart) + "\r\n1",
             std::string(kPart) + "\r\n1\r\n--xyz",
             std::string(kPart) + "\r\n\xff\r\n--xyz--",
             std::string("--xyz\r\nContent-Disposition: form-data\r\n\r\n1\r\n--xyz--"),
             std::string("--xyz\r\n\r\n1\r\n--xyz--"),
             // Without headers; what looks like one is the content.
             std::string("--xyz\r\n\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyz--"),
             std::string("--xyz "),
             std::string("--xyz  1\r\n\r\n--xyz--"),
             std::string("--xyz1\r\n\r\n--xyz--"),
         })
        EXPECT_FALSE(json_of(kParts, wrong)) << wrong;
    EXPECT_FALSE(json_of("multipart/form-data", std::string(kPart) + "\r\n1\r\n--xyz--"));
    EXPECT_FALSE(json_of("multipart/form-data; boundary=\"", "--\r\n"));
}

TEST(BodyAsJson, LeavesWhatIsNoFormAsItIs) {
    for (const auto* type : {"", "application/json", "text/plain"})
        EXPECT_EQ(json_of(type, "a=1"), "a=1") << type;
    EXPECT_EQ(json_of(kEncoded, " {\"SRN\":\"%\"}"), " {\"SRN\":\"%\"}");
}

}  // namespace
}  // namespace stockroom::gateway
