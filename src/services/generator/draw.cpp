#include "draw.hpp"

#include "stockroom/base/check.hpp"
#include "stockroom/contract/json.hpp"

namespace stockroom::generator {

std::string Draw::next() {
    CHECK(!skus_.empty(), "an order is of something");
    std::string body;
    contract::JsonWriter json(body);
    json.begin_object();
    json.field("customer", "generator");
    json.name("lines");
    json.begin_array();
    const std::uint64_t lines = 1 + below(kLinesMax);
    for (std::uint64_t line = 0; line < lines; ++line) {
        json.begin_object();
        json.field("sku", skus_.at(below(skus_.size())));
        json.field("quantity", static_cast<std::int64_t>(1 + below(kQuantityMax)));
        json.end_object();
    }
    json.end_array();
    if (placed_ != Placed::reserved) json.field("confirm", true);
    if (placed_ == Placed::fulfilled) json.field("fulfil", true);
    json.end_object();
    return body;
}

}  // namespace stockroom::generator
