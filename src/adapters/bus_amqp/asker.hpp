#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "stockroom/base/mutex.hpp"
#include "stockroom/ports/classic.hpp"

#include "link.hpp"
#include "wakeup.hpp"

namespace stockroom::bus_amqp {

/// A thread with a connection: sends questions by the classic exchange, and hears their answers by
/// direct reply-to. Questions wait for a connection for a second; those that were sent when it is
/// lost get no answer any more, which they are told.
class AmqpAsker final : public ports::Asker, private Receiver {
  public:
    explicit AmqpAsker(std::shared_ptr<AmqpBus::Shared> shared);
    ~AmqpAsker() override;
    AmqpAsker(const AmqpAsker&) = delete;
    AmqpAsker& operator=(const AmqpAsker&) = delete;

    void ask(std::string_view queue, std::string bytes, base::Deadline deadline,
             ports::AnswerHandler done) override;

  private:
    struct Question {
        std::string queue;
        std::string bytes;  // until it is sent
        base::Deadline deadline;
        ports::AnswerHandler done;
    };
    using Number = std::uint64_t;  // its correlation id

    void run(const std::stop_token& stop);
    void take_inbox();
    void exchange(Connection& connection);
    [[nodiscard]] Expected<void> send(Connection& connection);
    void refuse_if_away();
    void connection_lost(const std::string& why);
    /// Forgets whose deadlines are over. Returns when the next one's is.
    [[nodiscard]] base::Deadline expire(base::Deadline now);
    void finish(Number number, std::expected<std::string, ports::Error> answer);

    void on_message(Channel channel, Incoming message) override;
    void on_return(Incoming message, std::string_view reason) override;

    const std::shared_ptr<AmqpBus::Shared> shared_;
    Wakeup wakeup_;
    std::map<Number, Question> questions_;  // not answered
    std::set<std::pair<base::Deadline, Number>> deadlines_;
    std::set<Number> unsent_;
    Number last_ = 0;
    Link link_;

    base::mutex mutex_;
    std::vector<Question> inbox_ STOCKROOM_GUARDED_BY(mutex_);
    std::size_t waiting_ STOCKROOM_GUARDED_BY(mutex_) = 0;  // in questions_, as of the last look

    std::jthread thread_;
};

}  // namespace stockroom::bus_amqp
