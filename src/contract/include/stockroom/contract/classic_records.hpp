#pragma once

#include <string_view>

#include "stockroom/contract/classic.hpp"

namespace stockroom::contract {

// Records as programs know them that were written for the record system. What such a program sends
// may hold numbers where texts are meant, and members of its own, which are passed over.

/// {"Name":"…","SRN":"…","Section":"…"} → insert_record. Only the SRN is required.
[[nodiscard]] ReadClassic read_classic_insertion(std::string_view json);
/// {"SRN":"…"}, or "…", or the SRN as it is → delete_record
[[nodiscard]] ReadClassic read_classic_removal(std::string_view text);

/// {"Name":"…","SRN":"…","Section":"…"}
void write_classic_record(JsonWriter& json, const domain::Record& record);

}  // namespace stockroom::contract
