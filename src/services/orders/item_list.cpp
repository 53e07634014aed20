#include "item_list.hpp"

#include <utility>
#include <variant>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/classic.hpp"

namespace stockroom::orders {

std::expected<std::string, ports::Error> list_items(const ReadItems& read, std::size_t bytes_max) {
    std::string list;
    contract::JsonWriter json(list);
    json.begin_array();
    ports::PageRequest next{.cursor = "", .limit = ports::kMaxPageSize};
    do {
        auto page = read(next);
        if (!page) {
            auto* error = std::get_if<ports::Error>(&page.error());
            CHECK(error != nullptr, "a page gives a cursor that is good");
            return std::unexpected(std::move(*error));
        }
        for (const domain::ItemView& item : page->rows)
            contract::write_classic_item(json, item);
        if (list.size() > bytes_max)
            return std::unexpected(ports::Error{ports::ErrorKind::permanent,
                                                "the items are too many for one message"});
        next.cursor = std::move(page->next);
    } while (!next.cursor.empty());
    json.end_array();
    return list;
}

}  // namespace stockroom::orders
