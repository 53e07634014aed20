#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/ports/audit.hpp"

namespace stockroom {

/// A row that breaks an invariant (docs/architecture.md, "What always holds": 1, 2, 5, 6 or 8).
struct AuditFinding {
    int invariant = 0;
    std::string_view
        what;            // "level", "hold_line", "order", "order_line", "log", "row", "statistics"
    std::string key;     // which one: "IB1 at main"
    std::string detail;  // "on_hand is 49, the ledger sums to 50"
};

struct AuditReport {
    // How many rows were looked at.
    std::int64_t levels = 0;
    std::int64_t hold_lines = 0;
    std::int64_t orders = 0;
    std::int64_t order_lines = 0;
    std::int64_t events = 0;
    std::int64_t minutes = 0;  // of the order statistics

    static constexpr std::size_t kFindingsMax = 100;
    std::vector<AuditFinding> findings;  // the first ones
    std::size_t findings_total = 0;

    [[nodiscard]] bool is_ok() const { return findings_total == 0; }
    void add(AuditFinding finding);
};

/// Compares everything that the source gives. Reads the store, changes nothing.
[[nodiscard]] std::expected<AuditReport, ports::Error> check_books(ports::AuditSource& source);

/// {"ok","checked":{…},"findings":[{"invariant","what","key","detail"}],"findings_total"}
[[nodiscard]] std::string to_json(const AuditReport& report);
/// A line for each finding, and one that sums up.
[[nodiscard]] std::string to_text(const AuditReport& report);

}  // namespace stockroom
