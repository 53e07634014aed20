#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stockroom/domain/command.hpp"
#include "stockroom/domain/event.hpp"
#include "stockroom/domain/outcome.hpp"
#include "stockroom/domain/state.hpp"

namespace stockroom::simulation {

using namespace domain;

/// What happened, and to what ("A", "main", an order's id, "A/main", "R1").
using Happening = std::pair<EventType, std::string>;

/// The rules once more, as plainly as they can be said and as slowly. It keeps no levels but only
/// the ledger and the holds, and counts what there is each time it is asked. It looks for every
/// reason to refuse a command, and then takes the one that stands first in the outcome's enum.
class Model {
  public:
    explicit Model(std::vector<Location> locations) : locations_(std::move(locations)) {}

    Outcome decide(const Command& command, Time now);
    /// Expires these holds, all of which are due.
    void expire(const std::vector<Uuid>& holds, Time now);

    [[nodiscard]] const std::vector<Item>& items() const { return items_; }
    [[nodiscard]] const std::vector<Location>& locations() const { return locations_; }
    [[nodiscard]] const std::vector<Order>& orders() const { return orders_; }  // as placed
    [[nodiscard]] const std::vector<Hold>& holds() const { return holds_; }     // as placed
    [[nodiscard]] const std::map<std::pair<Sku, LocationCode>, Level>& levels() const {
        return levels_;
    }
    [[nodiscard]] const std::vector<Record>& records() const { return records_; }  // as inserted
    [[nodiscard]] const std::vector<Movement>& movements() const { return made_movements_; }
    /// Of the last command.
    [[nodiscard]] const std::vector<Happening>& happenings() const { return happenings_; }
    [[nodiscard]] bool is_due(const Hold& hold, Time now) const;

  private:
    struct Count {
        Quantity on_hand = 0;
        Quantity held = 0;
    };
    using Place = std::pair<Sku, LocationCode>;
    /// What the answer shows besides its code.
    using Shown = std::variant<std::monostate, Sku, LocationCode, Place, Uuid, Srn>;
    struct Verdict {
        Verdict(OutcomeCode outcome, std::string about = "", Shown state = {},
                std::vector<Shortage> short_of = {})
            : code(outcome),
              field(std::move(about)),
              shown(std::move(state)),
              shortages(std::move(short_of)) {}

        OutcomeCode code;
        std::string field;
        Shown shown;
        std::vector<Shortage> shortages;
    };
    /// Every reason to refuse, in the order of precedence, each with the first field it is about.
    template <typename Code>
    class Reasons {
      public:
        void add(Code code, std::string field = {}, Shown shown = {}) {
            all_.try_emplace(code, Verdict{code, std::move(field), std::move(shown), {}});
        }
        void add_line(Code code, std::size_t at, const std::string& member) {
            add(code, "lines[" + std::to_string(at) + "]" + member);
        }
        [[nodiscard]] bool any() const { return !all_.empty(); }
        [[nodiscard]] const Verdict& first() const { return all_.begin()->second; }

      private:
        std::map<Code, Verdict> all_;
    };

    Verdict wish(const CreateItem& wish);
    Verdict wish(const ChangeItem& wish);
    Verdict wish(const RetireItem& wish);
    Verdict wish(const CreateLocation& wish);
    Verdict wish(const ReceiveStock& wish);
    Verdict wish(const AdjustStock& wish);
    Verdict wish(const PlaceOrder& wish);
    Verdict wish(const ConfirmOrder& wish);
    Verdict wish(const FulfilOrder& wish);
    Verdict wish(const CancelOrder& wish);
    Verdict wish(const CloseOrder& wish);
    Verdict wish(const ReturnGoods& wish);
    Verdict wish(const ExpireOrder& wish);
    Verdict wish(const InsertRecord& wish);
    Verdict wish(const DeleteRecord& wish);
    // Of messages that died the simulation has none.
    Verdict wish(const ReplayDeadLetter& wish);
    Verdict wish(const DiscardDeadLetter& wish);
    Verdict wish(const PutItem& wish);
    Verdict wish(const Ping& wish);

    Item* item(const Sku& sku);  // retired ones too
    bool is_sold(const Sku& sku);
    const Location* place(const LocationCode& code) const;
    Record* record(const Srn& srn);  // deleted ones too
    Order* order(const Uuid& id);
    Hold* hold(const Uuid& id);

    [[nodiscard]] std::map<LocationCode, Count> count(const Sku& sku) const;
    [[nodiscard]] Count count(const Sku& sku, const LocationCode& where) const;
    [[nodiscard]] Count total(const Sku& sku) const;

    void write(const Sku& sku, const LocationCode& where, MovementKind kind, Quantity quantity,
               const std::string& reason, const std::string& reference,
               std::optional<Uuid> order_id);
    void happen(EventType type, std::string to) { happenings_.emplace_back(type, std::move(to)); }
    void expire(Hold& due);
    void expire_all_due_on(const Sku& sku);
    void number_levels();
    Result show(const Shown& shown);

    std::vector<Shortage> shortages_of(const std::vector<std::pair<Sku, Quantity>>& wanted) const;
    std::vector<HoldLine> lines_for(const std::vector<std::pair<Sku, Quantity>>& wanted) const;
    void ship(Hold& from, HoldLine& line, Quantity quantity);
    void give_back_all(Hold& from);
    void changed(Order& of, OrderState state, EventType type);
    template <typename Code>
    void ask_order(Reasons<Code>& no, const Uuid& id, const std::optional<Version>& expected,
                   const std::vector<OrderState>& from);
    Quantity shipped(const Uuid& id, const Sku& sku);
    Quantity still_held(const Uuid& id, const Sku& sku);

    std::vector<Item> items_;
    std::vector<Location> locations_;
    std::vector<Order> orders_;
    std::vector<Hold> holds_;
    std::vector<Record> records_;
    std::map<Sku, std::vector<Movement>> ledger_;
    std::map<Place, Level> levels_;  // only for the versions: numbered once a command is done
    std::vector<Movement> made_movements_;
    std::vector<Happening> happenings_;
    Uuid command_;
    std::string actor_;
    Time now_;
};

}  // namespace stockroom::simulation
