#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/json.hpp"
#include "stockroom/domain/dead_letter.hpp"

namespace stockroom::contract {

/// One dead letter of a message.
struct ReadDeadLetter {
    base::Uuid id;      // the command's; where it has none, made of queue and bytes (version 8)
    std::string kind;   // the command's, when it is known; else empty
    std::string bytes;  // of the message, or of the element
};

/// What a message among the dead is: itself, or, when it is an array of commands with ids, each of
/// them. Total: never empty, throws for no bytes. The same bytes of the same queue always give the
/// same ids.
[[nodiscard]] std::vector<ReadDeadLetter> read_dead_letters(std::string_view queue,
                                                            std::string_view bytes);

/// As write(json, letter), and its body: "body", as it stands where it is UTF-8 and else in base64,
/// as "encoding" says ("utf-8", "base64"); "truncated" when `bytes` are fewer than its size.
void write_with_body(JsonWriter& json, const domain::DeadLetter& letter);

/// A reason in UTF-8: what is no text is replaced.
[[nodiscard]] std::string readable(const std::string& reason);

/// RFC 4648 section 4.
[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace stockroom::contract
