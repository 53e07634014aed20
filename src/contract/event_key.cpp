#include <string>
#include <variant>

#include <fmt/format.h>

#include "stockroom/contract/names.hpp"

namespace stockroom::contract {

using namespace domain;

std::string event_key(const Event& event) {
    struct Visitor {
        const Event& event;
        std::string operator()(const ItemView& view) const {
            return "item/" + view.item.sku.text();
        }
        std::string operator()(const Location& location) const {
            return "location/" + location.code.text();
        }
        std::string operator()(const Movement&) const {
            return "movement/" + event.command.to_string();
        }
        std::string operator()(const OrderView& view) const {
            return "order/" + view.order.id.to_string();
        }
        std::string operator()(const Level& level) const {
            return fmt::format("level/{}/{}", level.sku.text(), level.location.text());
        }
        std::string operator()(const Record& record) const { return "record/" + record.srn.text(); }
        std::string operator()(const PartChange& change) const { return "health/" + change.part; }
        std::string operator()(const DeadLetter& letter) const {
            return "dead_letter/" + letter.id.to_string();
        }
    };
    return std::visit(Visitor{event}, event.state);
}

Version event_version(const Event& event) {
    struct Visitor {
        Version operator()(const ItemView& view) const { return view.item.version; }
        Version operator()(const Location& location) const { return location.version; }
        Version operator()(const Movement&) const { return 1; }
        Version operator()(const OrderView& view) const { return view.order.version; }
        Version operator()(const Level& level) const { return level.version; }
        Version operator()(const Record& record) const { return record.version; }
        Version operator()(const DeadLetter& letter) const { return letter.version; }
        Version operator()(const PartChange& change) const { return change.version; }
    };
    return std::visit(Visitor{}, event.state);
}

}  // namespace stockroom::contract
