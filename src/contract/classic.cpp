#include "stockroom/contract/classic.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::contract {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMessages{{
    {kClassicHealthcheck, "Health check message sent"},
    {kClassicCreateItem, "Create item message sent"},
    {kClassicStockManagement, "Stock management (item delete) message sent"},
    {kClassicHealthCheck, "Health check message acknowledged"},
    {kClassicInsertRecord, "Insert record message sent"},
    {kClassicDeleteRecord, "Delete record message sent"},
}};

}  // namespace

std::string classic_message(std::string_view queue) {
    const auto found =
        std::ranges::find(kMessages, queue, &std::pair<std::string_view, std::string_view>::first);
    CHECK(found != kMessages.end(), "the queue is answered with a message");
    return message_json(found->second);
}

std::string message_json(std::string_view text) {
    std::string json;
    JsonWriter writer(json);
    writer.begin_object();
    writer.field("message", text);
    writer.end_object();
    return json;
}

}  // namespace stockroom::contract
