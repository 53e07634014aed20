#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "stockroom/domain/state.hpp"
#include "stockroom/ports/audit.hpp"

#include "audit_check.hpp"

namespace stockroom {

/// The log, read through once from its start: whether it is whole, and where it leaves each key.
class AuditLog {
  public:
    /// REQUIRES: the report outlives it.
    explicit AuditLog(AuditReport& report) : report_(report) {}

    /// REQUIRES: by position.
    void add(const ports::EventAudit& event);
    /// After the last event.
    void check_head(std::int64_t head);

    /// Whether the row is where the log leaves its key.
    void check_version(int invariant, std::string_view what, const std::string& name,
                       const std::string& key, std::int64_t version);
    void check_order(const ports::OrderAudit& order);
    /// Keys that the log knows of, and no row was asked for: rows that are gone.
    void check_all_were_seen();

  private:
    struct Trail {
        std::int64_t version = 0;
        std::optional<domain::OrderState> state;  // of orders
        bool has_row = false;
    };

    void check_position(const ports::EventAudit& event);
    void check_step(const ports::EventAudit& event, Trail& trail);
    void check_transition(const ports::EventAudit& event, Trail& trail);

    AuditReport& report_;
    std::int64_t position_ = 0;
    std::unordered_map<std::string, Trail> trails_;
};

}  // namespace stockroom
