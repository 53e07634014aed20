#include "dead_letters.hpp"

#include <utility>

#include "stockroom/store_format/states.hpp"

namespace stockroom::store_postgres {

using namespace store_format;

namespace {

/// $1 bytes of each body, $2 and $3 before this time and id, $4 rows at most.
std::string newest_first(std::string_view filter) {
    return dead_letter_sql("$1") + "WHERE " + std::string(filter) +
           "(last_at, command) < ($2, $3) ORDER BY last_at DESC, command DESC LIMIT $4";
}

}  // namespace

std::string dead_letter_sql(std::string_view body_max) {
    return "SELECT command, queue, kind, reason, state, deaths, redeliveries, octet_length(bytes), "
           "at, last_at, decided_by, decision_reason, decided_at, message, version, "
           "substring(bytes FROM 1 FOR (" +
           std::string(body_max) + ")::integer) FROM dead_commands ";
}

DeadLetterReader::DeadLetterReader(Connection& connection)
    : connection_(connection),
      all_(connection, newest_first("")),
      by_state_(connection, newest_first("state = $5 AND ")),
      by_queue_(connection, newest_first("queue = $5 AND ")),
      by_queue_and_state_(connection, newest_first("queue = $5 AND state = $6 AND ")),
      find_(connection, dead_letter_sql("$1") + "WHERE command = $2"),
      to_replay_(connection, dead_letter_sql("0") +
                                 "WHERE state = 'replaying' ORDER BY last_at, command LIMIT $1"),
      count_(connection, "SELECT count(*) FROM dead_commands WHERE state = $1") {}

std::vector<domain::DeadLetter> DeadLetterReader::list(const ports::DeadLetterFilter& filter,
                                                       const TimeAndId& before,
                                                       std::int64_t limit) {
    constexpr auto kBody = static_cast<std::int64_t>(ports::kListedBodyMax);
    const auto state = filter.state ? to_text(*filter.state) : std::string_view{};
    if (filter.queue.empty() && !filter.state)
        return read(all_.query(kBody, before.at, before.id, limit));
    if (filter.queue.empty())
        return read(by_state_.query(kBody, before.at, before.id, limit, state));
    if (!filter.state)
        return read(by_queue_.query(kBody, before.at, before.id, limit, filter.queue));
    return read(by_queue_and_state_.query(kBody, before.at, before.id, limit, filter.queue, state));
}

std::optional<domain::DeadLetter> DeadLetterReader::find(const base::Uuid& id,
                                                         std::int64_t body_max) {
    auto letters = read(find_.query(body_max, id));
    if (letters.empty()) return std::nullopt;
    return std::move(letters.front());
}

std::vector<domain::DeadLetter> DeadLetterReader::to_replay(std::int64_t limit) {
    return read(to_replay_.query(limit));
}

std::int64_t DeadLetterReader::count(domain::DeadLetterState state) {
    Rows rows = count_.query(to_text(state));
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<domain::DeadLetter> DeadLetterReader::read(Rows rows) {
    std::vector<domain::DeadLetter> letters;
    while (rows.next()) {
        auto letter = read_dead_letter(connection_, rows);
        if (!letter) break;
        letters.push_back(*std::move(letter));
    }
    return letters;
}

std::optional<domain::DeadLetter> read_dead_letter(Connection& connection, const Rows& rows) {
    const auto state = parse_dead_letter_state(rows.text(4));
    if (!state) {
        connection.fail_corrupt("dead_commands.state");
        return std::nullopt;
    }
    domain::DeadLetter letter{.id = rows.uuid(0),
                              .queue = rows.string(1),
                              .kind = rows.string(2),
                              .reason = rows.string(3),
                              .state = *state,
                              .count = rows.integer(5),
                              .redeliveries = rows.integer(6),
                              .size = rows.integer(7),
                              .first_at = rows.time(8),
                              .last_at = rows.time(9),
                              .message = rows.string(13),
                              .version = rows.integer(14),
                              .bytes = rows.string(15)};
    if (!rows.is_null(12))
        letter.decision = {
            .actor = rows.string(10), .reason = rows.string(11), .at = rows.time(12)};
    return letter;
}

}  // namespace stockroom::store_postgres
