#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stockroom::gateway {

/// Which events a listener wants.
class EventTypes {
  public:
    /// All of them.
    EventTypes() = default;

    /// Reads "order.*,item.created": types, or all types of one thing. Empty for what is no list of
    /// types that there are.
    [[nodiscard]] static std::optional<EventTypes> parse(std::string_view text);

    [[nodiscard]] bool contains(std::string_view type) const;

  private:
    std::vector<std::string> types_;   // "item.created"
    std::vector<std::string> things_;  // "order."
};

}  // namespace stockroom::gateway
