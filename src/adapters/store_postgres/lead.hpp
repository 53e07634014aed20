#pragma once

#include <cstdint>

#include "stockroom/ports/lead.hpp"

#include "connection.hpp"

namespace stockroom::store_postgres {

/// The health services' lead: an advisory lock of its session, which the server frees as soon as
/// the session is gone.
class PostgresHealthLead final : public ports::Lead {
  public:
    explicit PostgresHealthLead(Target target);

    [[nodiscard]] std::expected<bool, ports::Error> take() override;

  private:
    /// Whether it gives true.
    static bool ask(Statement& statement);

    Connection connection_;
    Statement try_lock_;
    Statement ask_;
    std::uint64_t leading_session_ = 0;  // 0: none does
};

}  // namespace stockroom::store_postgres
