#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "stockroom/contract/codec.hpp"

namespace stockroom::contract {

// Records as programs know them that were written for the record system. What such a program sends
// may hold numbers where texts are meant, and members of its own, which are passed over.

/// {"Name":"…","SRN":"…","Section":"…"} → insert_record. Only the SRN is required.
[[nodiscard]] std::expected<domain::CommandBody, Invalid> read_classic_insertion(
    std::string_view json);
/// {"SRN":"…"}, or "…", or the SRN as it is → delete_record
[[nodiscard]] std::expected<domain::CommandBody, Invalid> read_classic_removal(
    std::string_view text);

/// [{"Name":"…","SRN":"…","Section":"…"},…]: added in any number of pieces.
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
