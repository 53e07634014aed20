#include "rules.hpp"

namespace stockroom::domain {

namespace {

/// Empty when there is none, or when it is deleted.
const Record* find_live_record(const Draft& draft, const Srn& srn) {
    const Record* record = draft.snapshot().find_record(srn);
    return record != nullptr && !record->deleted ? record : nullptr;
}

}  // namespace

Outcome decide(Draft& draft, const InsertRecord& wish) {
    using enum InsertRecordOutcome;
    const Record* known = draft.snapshot().find_record(wish.srn);
    const Record* live = find_live_record(draft, wish.srn);
    if (live != nullptr && live->name == wish.name && live->section == wish.section)
        return outcome(replaced, *live);

    const Record record{.srn = wish.srn,
                        .name = wish.name,
                        .section = wish.section,
                        .deleted = false,
                        .version = known == nullptr ? 1 : known->version + 1,
                        .created_at = live == nullptr ? draft.now() : live->created_at,
                        .updated_at = draft.now()};
    draft.set(record);
    draft.record(live == nullptr ? EventType::record_inserted : EventType::record_replaced, record);
    return outcome(live == nullptr ? inserted : replaced, record);
}

Outcome decide(Draft& draft, const DeleteRecord& wish) {
    using enum DeleteRecordOutcome;
    const Record* known = find_live_record(draft, wish.srn);
    if (known == nullptr) return outcome(record_not_found);

    Record record = *known;
    record.name.clear();
    record.section.clear();
    record.deleted = true;
    ++record.version;
    record.updated_at = draft.now();
    draft.set(record);
    draft.record(EventType::record_deleted, record);
    return outcome(deleted, record);
}

}  // namespace stockroom::domain
