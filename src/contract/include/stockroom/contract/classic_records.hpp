#pragma once

#include <expected>
#include <span>
#include <string>

#include "stockroom/contract/codec.hpp"

namespace stockroom::contract {

// The records as programs know them that were written for the record system: "Name", "SRN" and
// "Section". What such a program sends may hold numbers where texts are meant, and members of its
// own.

/// {"Name":"…","SRN":"…","Section":"…"}, of which only the SRN is required.
[[nodiscard]] std::expected<domain::CommandBody, Invalid> decode_classic_insert_record(
    const JsonValue& value);
/// {"SRN":"…"}, or the SRN alone.
[[nodiscard]] std::expected<domain::CommandBody, Invalid> decode_classic_delete_record(
    const JsonValue& value);

/// [{"Name":"…","SRN":"…","Section":"…"},…]: all records, added in any number of pieces.
class ClassicRecords {
  public:
    void add(std::span<const domain::Record> records);
    /// Call once.
    [[nodiscard]] std::string finish();
    [[nodiscard]] std::size_t bytes() const { return text_.size(); }

  private:
    std::string text_ = "[";
};

}  // namespace stockroom::contract
