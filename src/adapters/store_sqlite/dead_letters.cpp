#include "dead_letters.hpp"

#include <string>
#include <utility>

#include "stockroom/store_format/states.hpp"

namespace stockroom::store_sqlite {

using namespace store_format;

namespace {

/// The body may be no text: bytes are counted and cut, not characters. ?1: how many of them.
const std::string kLetter =
    "SELECT command, queue, kind, reason, state, deaths, redeliveries, "
    "length(CAST(bytes AS BLOB)), at, last_at, decided_by, decision_reason, decided_at, message, "
    "version, substr(CAST(bytes AS BLOB), 1, ?1) FROM dead_commands ";
const std::string kNewestFirst =
    "(last_at, command) < (?2, ?3) ORDER BY last_at DESC, command DESC LIMIT ?4";
const std::string kAll = kLetter + "WHERE " + kNewestFirst;
const std::string kByState = kLetter + "WHERE state = ?5 AND " + kNewestFirst;
const std::string kByQueue = kLetter + "WHERE queue = ?5 AND " + kNewestFirst;
const std::string kByQueueAndState =
    kLetter + "WHERE queue = ?5 AND state = ?6 AND " + kNewestFirst;
const std::string kFind = kLetter + "WHERE command = ?2";
const std::string kToReplay =
    kLetter + "WHERE state = 'replaying' ORDER BY last_at, command LIMIT ?2";

}  // namespace

DeadLetterReader::DeadLetterReader(Connection& connection)
    : connection_(connection),
      all_(connection, kAll.c_str()),
      by_state_(connection, kByState.c_str()),
      by_queue_(connection, kByQueue.c_str()),
      by_queue_and_state_(connection, kByQueueAndState.c_str()),
      find_(connection, kFind.c_str()),
      to_replay_(connection, kToReplay.c_str()),
      count_(connection, "SELECT count(*) FROM dead_commands WHERE state = ?") {}

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
    return read(to_replay_.query(std::int64_t{0}, limit));
}

std::int64_t DeadLetterReader::count(domain::DeadLetterState state) {
    Rows rows = count_.query(to_text(state));
    return rows.next() ? rows.integer(0) : 0;
}

std::vector<domain::DeadLetter> DeadLetterReader::read(Rows rows) {
    std::vector<domain::DeadLetter> letters;
    while (rows.next()) {
        const auto state = parse_dead_letter_state(rows.text(4));
        if (!state) {
            connection_.fail_corrupt("dead_commands.state");
            return letters;
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
        letters.push_back(std::move(letter));
    }
    return letters;
}

}  // namespace stockroom::store_sqlite
