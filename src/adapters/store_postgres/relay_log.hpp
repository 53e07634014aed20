#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stockroom/ports/relay_log.hpp"

#include "connection.hpp"

namespace stockroom::store_postgres {

/// The lead is an advisory lock of its session: the server frees it as soon as the session is gone,
/// and ends the session of a leader that has asked nothing for kSilenceMax.
class PostgresRelayLog final : public ports::RelayLog {
  public:
    explicit PostgresRelayLog(Target target);

    Result<bool> take_lead() override;
    void give_up_lead() override;
    Result<std::int64_t> position() override;
    Result<void> save_position(std::int64_t position) override;
    Result<std::vector<ports::LoggedEvent>> events_after(std::int64_t position,
                                                         std::size_t limit) override;
    Result<std::int64_t> log_head() override;

  private:
    /// Keeps an error unless this session, still, has the lead.
    void require_lead();
    /// The value, or the error: after one the session, and with it the lead, is given up.
    template <typename T>
    [[nodiscard]] Expected<T> finish(T value);
    [[nodiscard]] Expected<void> finish();
    /// Of the first row.
    [[nodiscard]] std::int64_t read_integer(Statement& statement);

    Connection connection_;
    Statement try_lock_;
    Statement position_;
    Statement save_position_;
    Statement events_;
    Statement log_head_;
    std::uint64_t leading_session_ = 0;  // 0: none does
};

}  // namespace stockroom::store_postgres
