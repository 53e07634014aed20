#include "model.hpp"

namespace stockroom::simulation {

Record* Model::record(const Srn& srn) {
    for (Record& known : records_)
        if (known.srn == srn) return &known;
    return nullptr;
}

Model::Verdict Model::wish(const InsertRecord& wish) {
    using enum InsertRecordOutcome;
    Record* known = record(wish.srn);
    if (known == nullptr) {
        records_.push_back({wish.srn, wish.name, wish.section, false, 1, now_, now_});
        happen(EventType::record_inserted, wish.srn.text());
        return {inserted, "", wish.srn};
    }
    const Record before = *known;
    known->name = wish.name;
    known->section = wish.section;
    known->deleted = false;
    if (*known == before) return {replaced, "", wish.srn};
    known->version += 1;
    known->updated_at = now_;
    if (!before.deleted) {
        happen(EventType::record_replaced, wish.srn.text());
        return {replaced, "", wish.srn};
    }
    known->created_at = now_;
    happen(EventType::record_inserted, wish.srn.text());
    return {inserted, "", wish.srn};
}

Model::Verdict Model::wish(const DeleteRecord& wish) {
    using enum DeleteRecordOutcome;
    Record* known = record(wish.srn);
    if (known == nullptr || known->deleted) return {record_not_found};
    *known = {wish.srn, "", "", true, known->version + 1, known->created_at, now_};
    happen(EventType::record_deleted, wish.srn.text());
    return {deleted, "", wish.srn};
}

}  // namespace stockroom::simulation
