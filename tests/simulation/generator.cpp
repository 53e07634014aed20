#include "generator.hpp"

#include <algorithm>
#include <limits>

namespace stockroom::simulation {

namespace {

constexpr auto kMaxMinor = std::numeric_limits<std::int64_t>::max();

Uuid id_of(std::uint64_t number) {
    Uuid::Bytes bytes{};
    for (std::size_t i = 0; i < 8; ++i)
        bytes.at(15 - i) = static_cast<std::uint8_t>(number >> (8 * i));
    return Uuid(bytes);
}

}  // namespace

Generator::Generator(Random& random, const Model& model, bool is_huge)
    : random_(random), model_(model), is_huge_(is_huge) {
    for (const auto* text : {"A", "B", "C", "D", "E e"})
        skus_.push_back(Sku::parse(text).value());
    for (const auto* text : {"main", "a", "b", "nowhere"})
        locations_.push_back(LocationCode::parse(text).value());
}

Command Generator::next() {
    Command command{id_of(++made_), "user:" + std::to_string(random_.between(1, 3)), {}, body()};
    if (command.kind() == CommandKind::place_order) placed_.push_back(command.id);
    return command;
}

CommandBody Generator::body() {
    using enum OrderState;
    if (random_.one_in(25)) return record();
    const auto dice = random_.between(1, 100);
    if (dice <= 5 || (unsold_skus().size() > 2 && random_.one_in(3))) return create_item();
    if (dice <= 11) return change_item();
    if (dice <= 14) {
        const Sku of = sku();
        return RetireItem{of, version_of_item(of)};
    }
    if (dice <= 16) return create_location();
    if (dice <= 26) return receive();
    if (dice <= 33) return adjust();
    if (dice <= 62) return place();
    if (dice <= 70) {
        const Uuid of = order({reserved});
        return ConfirmOrder{of, version_of_order(of)};
    }
    if (dice <= 79) return fulfil();
    if (dice <= 84) {
        const Uuid of = order({reserved, confirmed});
        return CancelOrder{of, "no need", version_of_order(of)};
    }
    if (dice <= 87) {
        const Uuid of = order({partially_fulfilled});
        return CloseOrder{of, version_of_order(of)};
    }
    if (dice <= 94) return bring_back();
    if (dice <= 96) return put_item();
    return ExpireOrder{order({reserved})};
}

std::vector<Sku> Generator::unsold_skus() const {
    auto unsold = skus_;
    for (const Item& item : model_.items())
        if (!item.retired) std::erase(unsold, item.sku);
    return unsold;
}

const Sku& Generator::sku() {
    return random_.one_of(skus_);
}

const LocationCode& Generator::location() {
    return random_.one_in(20) ? locations_.back()
                              : locations_[static_cast<std::size_t>(random_.between(0, 2))];
}

Quantity Generator::quantity() {
    if (is_huge_ && random_.one_in(8)) return kMaxQuantity - random_.between(0, 3);
    return random_.between(1, 4);
}

Money Generator::price() {
    if (is_huge_ && random_.one_in(4)) return Money::from_minor(kMaxMinor / random_.between(1, 6));
    return Money::from_minor(random_.between(0, 500));
}

std::optional<Version> Generator::near(Version version) {
    if (!random_.one_in(3)) return std::nullopt;
    return random_.one_in(4) ? version + random_.between(-1, 1) : version;
}

std::optional<Version> Generator::version_of_item(const Sku& of) {
    const auto known = std::ranges::find(model_.items(), of, &Item::sku);
    return near(known == model_.items().end() ? 1 : known->version);
}

std::optional<Version> Generator::version_of_order(const Uuid& of) {
    const auto known = std::ranges::find(model_.orders(), of, &Order::id);
    return near(known == model_.orders().end() ? 1 : known->version);
}

Uuid Generator::order(std::initializer_list<OrderState> likely) {
    if (placed_.empty() || random_.one_in(40)) return id_of(999'999'999);
    if (random_.one_in(20)) return random_.one_of(placed_);
    std::vector<Uuid> choices;
    for (const Order& known : model_.orders())
        if (std::ranges::find(likely, known.state) != likely.end()) choices.push_back(known.id);
    if (!choices.empty() && !random_.one_in(8)) return random_.one_of(choices);
    return model_.orders().empty() ? placed_.back() : random_.one_of(model_.orders()).id;
}

CreateItem Generator::create_item() {
    const auto unsold = unsold_skus();
    const Sku of = unsold.empty() || random_.one_in(10) ? sku() : random_.one_of(unsold);
    CreateItem wish{of, "name", "", price(), random_.between(0, 2), {}};
    std::vector<LocationCode> where = locations_;
    if (!random_.one_in(10)) where.pop_back();
    Quantity room = kMaxQuantity;
    for (const LocationCode& code : where) {
        if (room == 0 || !random_.one_in(2)) continue;
        wish.opening.push_back({code, std::min(room, quantity())});
        room -= wish.opening.back().quantity;
    }
    return wish;
}

ChangeItem Generator::change_item() {
    const Sku of = sku();
    ChangeItem wish{of, {}, {}, {}, {}, version_of_item(of)};
    if (random_.one_in(2)) wish.name = random_.one_in(2) ? "name" : "other name";
    if (random_.one_in(3)) wish.label = random_.one_in(2) ? "" : "label";
    if (random_.one_in(2)) wish.price = price();
    if (random_.one_in(3)) wish.reorder_point = random_.between(0, 2);
    return wish;
}

PutItem Generator::put_item() {
    PutItem wish{sku(), random_.one_in(2) ? "name" : "other name", "", price(), 0};
    // Near to what there is, so that it is short now and then.
    const Quantity there = kMaxQuantity - room_for(wish.sku);
    wish.quantity = random_.one_in(3)
                        ? random_.between(0, 4)
                        : std::clamp<Quantity>(there + random_.between(-2, 2), 0, kMaxQuantity);
    return wish;
}

CreateLocation Generator::create_location() {
    // Few are ever used, so that levels stay few; the last code stays unknown.
    const auto code =
        random_.one_in(2)
            ? locations_[static_cast<std::size_t>(random_.between(0, 2))]
            : LocationCode::parse("x" + std::to_string(random_.between(1, 5))).value();
    return {code, "", random_.between(1, 3)};
}

Quantity Generator::room_for(const Sku& of) const {
    Quantity room = kMaxQuantity;
    for (const auto& [place, level] : model_.levels())
        if (place.first == of) room -= level.on_hand;
    return room;
}

ReceiveStock Generator::receive() {
    ReceiveStock wish{sku(), location(), quantity(), "", "ref"};
    const Quantity room = room_for(wish.sku);
    if (is_huge_ && room > 0 && random_.one_in(4)) wish.quantity = room;
    return wish;
}

AdjustStock Generator::adjust() {
    AdjustStock wish{sku(), location(), quantity(), "counted", ""};
    if (!random_.one_in(3)) wish.quantity = -wish.quantity;
    return wish;
}

PlaceOrder Generator::place() {
    PlaceOrder wish{.customer = random_.one_in(2) ? "c" : "", .lines = {}, .reference = "r"};
    const auto count = random_.between(1, random_.one_in(10) ? 12 : 3);
    for (std::int64_t i = 0; i < count; ++i)
        wish.lines.push_back({sku(), quantity()});
    wish.confirm = random_.one_in(3);
    wish.fulfil = wish.confirm && random_.one_in(2);
    wish.expires_in = std::chrono::seconds{random_.between(1, 60)};
    return wish;
}

/// The lines of an order, or some like them.
std::vector<OrderedLine> Generator::lines_of(const Uuid& of) {
    std::vector<OrderedLine> lines;
    const auto known = std::ranges::find(model_.orders(), of, &Order::id);
    if (known != model_.orders().end()) {
        for (const OrderLine& line : known->lines)
            if (!random_.one_in(3))
                lines.push_back(
                    {line.sku, random_.between(1, std::min<Quantity>(line.quantity, 4))});
    }
    if (lines.empty() || random_.one_in(8)) {
        const Sku other = sku();
        if (std::ranges::find(lines, other, &OrderedLine::sku) == lines.end())
            lines.push_back({other, quantity()});
    }
    if (random_.one_in(10)) lines.front().quantity += 1;
    return lines;
}

FulfilOrder Generator::fulfil() {
    const Uuid of = order({OrderState::confirmed, OrderState::partially_fulfilled});
    FulfilOrder wish{of, {}, version_of_order(of)};
    if (!random_.one_in(3)) wish.lines = lines_of(of);
    return wish;
}

ReturnGoods Generator::bring_back() {
    const Uuid of = order({OrderState::fulfilled, OrderState::partially_fulfilled});
    return {of, lines_of(of), location(), "broken", version_of_order(of)};
}

CommandBody Generator::record() {
    const Srn srn = Srn::parse("R" + std::to_string(random_.between(1, 4))).value();
    if (random_.one_in(3)) return DeleteRecord{srn};
    return InsertRecord{srn, random_.one_in(2) ? "Ann" : "Bob", random_.one_in(2) ? "" : "A"};
}

}  // namespace stockroom::simulation
