#include "record_list.hpp"

#include <utility>
#include <variant>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/classic_records.hpp"

namespace stockroom::records {

std::expected<std::string, ports::Error> list_records(const ReadRecords& read,
                                                      std::size_t bytes_max) {
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
        for (const domain::Record& record : page->rows)
            contract::write_classic_record(json, record);
        if (list.size() > bytes_max)
            return std::unexpected(ports::Error{ports::ErrorKind::permanent,
                                                "the records are too many for one message"});
        next.cursor = std::move(page->next);
    } while (!next.cursor.empty());
    json.end_array();
    return list;
}

}  // namespace stockroom::records
