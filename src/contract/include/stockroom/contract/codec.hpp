#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/contract/json.hpp"
#include "stockroom/domain/command.hpp"
#include "stockroom/domain/dead_letter.hpp"
#include "stockroom/domain/event.hpp"
#include "stockroom/domain/outcome.hpp"

namespace stockroom::contract {

/// What is wrong with a body, and where ("lines[3].quantity"; empty: the whole).
struct Invalid {
    std::string field;
    std::string detail;  // a sentence for the client: "must be a whole number from 1 to …"
};

/// Decodes the body of a command of this kind. Checks every field's form: presence, type, length,
/// range, unknown names; the first problem in the order of the body's members is the one told. Also
/// the body of the HTTP request, once what the path and headers say has been added (see
/// add_member). The command's `at` and id come from elsewhere.
[[nodiscard]] std::expected<domain::CommandBody, Invalid> decode_body(domain::CommandKind kind,
                                                                      const JsonValue& body);

/// The body's one canonical text: the same command always gives the same bytes, so its fingerprint
/// tells bodies apart. What equals its default is left out.
[[nodiscard]] std::string encode_body(const domain::CommandBody& body);

/// The object with one more member, for what stands in a path or header ("sku", "order",
/// "expected_version"). Invalid when it is no object, or has that member already.
[[nodiscard]] std::expected<JsonValue, Invalid> add_member(JsonValue object, std::string name,
                                                           JsonValue value);

/// {"id","kind","actor","at","body"}
[[nodiscard]] std::string encode_command(const domain::Command& command);

/// A command off the wire. When id and kind can be read but the rest is wrong, `invalid` says how
/// (its outcome is then CommandRefusal::invalid).
struct ReadCommand {
    base::Uuid id;
    domain::CommandKind kind = domain::CommandKind::create_item;
    base::Fingerprint fingerprint;  // of kind and encode_body, or of the raw body when invalid
    std::expected<domain::Command, Invalid> command;
};

inline constexpr std::size_t kMaxCommandsPerMessage = 256;

/// What cannot be answered, since it has no readable id and kind: a dead letter.
struct Unreadable {
    std::string reason;
    std::string
        text;  // JSON of the element, or the whole message as it came, which may be no UTF-8
};
/// A message's commands: one object or an array of 1 to kMaxCommandsPerMessage; each element that
/// cannot be read is an error of its own. Total: never empty, throws for no bytes.
[[nodiscard]] std::vector<std::expected<ReadCommand, Unreadable>> decode_message(
    std::string_view bytes);

/// One element of a message, as a message of its own.
struct Part {
    std::optional<base::Uuid> id;  // empty: none that can be read
    std::string bytes;
};
/// The elements of a message that is an array of 2 to kMaxCommandsPerMessage of them, whatever each
/// of them is; nothing for any other message.
[[nodiscard]] std::vector<Part> split_message(std::string_view bytes);

/// {"id","kind","code","field","detail","result","shortages"}; empty ones left out. The result is
/// the state itself: an item for the commands on items, and so on by kind. This is what is stored,
/// replied and shown by GET /v1/commands/{id}.
[[nodiscard]] std::string encode_outcome(const base::Uuid& id, domain::CommandKind kind,
                                         const domain::Outcome& outcome);

struct ReadOutcome {
    base::Uuid id;
    domain::CommandKind kind = domain::CommandKind::create_item;
    domain::Outcome outcome;
};
/// Reads what encode_outcome wrote, this version's or another one's: members that are not known
/// are passed over. The error says what is wrong and where.
[[nodiscard]] std::expected<ReadOutcome, std::string> decode_outcome(std::string_view bytes);
/// Reads a reply: one outcome, or an array of them. Never empty but for an empty array.
[[nodiscard]] std::vector<std::expected<ReadOutcome, std::string>> decode_outcomes(
    std::string_view bytes);

/// The `data` of an event.
[[nodiscard]] std::string encode_event_data(const domain::Event& event);

// States as clients see them (DESIGN: HTTP). Texts that are empty and optionals that are not there
// are left out, but for an item's name and label, a location's name, a record's name and section.
void write(JsonWriter& json, const domain::ItemView& item);
void write(JsonWriter& json, const domain::Location& location);
void write(JsonWriter& json, const domain::Level& level);
void write(JsonWriter& json, const domain::OrderView& order);
void write(JsonWriter& json, const domain::Record& record);
void write(JsonWriter& json, const domain::Hold& hold);
void write(JsonWriter& json, const domain::Movement& movement);
void write(JsonWriter& json, const domain::Shortage& shortage);
void write(JsonWriter& json, const domain::DeadLetter& letter);  // without its body
void write(JsonWriter& json, const domain::Incident& incident);
void write(JsonWriter& json, const domain::PartChange& change);

}  // namespace stockroom::contract
