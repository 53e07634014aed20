#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stockroom/base/time.hpp"
#include "stockroom/ports/classic.hpp"

namespace stockroom::gateway {

/// Questions to classic queues, for coroutines of one io_context. Lives on its thread.
class Questions {
  public:
    /// The answer, shared by all who are given it; or, for people, why there is none.
    using Result = std::expected<std::shared_ptr<const std::string>, std::string>;

    Questions(boost::asio::io_context& context, ports::ClassicBus& bus, std::chrono::seconds time);
    Questions(const Questions&) = delete;
    Questions& operator=(const Questions&) = delete;

    /// Waits for the answer.
    boost::asio::awaitable<Result> ask(std::string queue, std::string bytes);

    /// Asks a queue for what is the same for everybody. Of each queue one question is under way at
    /// most; whoever comes meanwhile shares the next one, so that no answer is older than its
    /// question, and however many ask, few answers are in memory.
    boost::asio::awaitable<Result> ask_for_all(std::string queue);

    /// From here on nobody waits longer than until `deadline`.
    void hurry(base::Deadline deadline);

  private:
    struct Round;
    using RoundPtr = std::shared_ptr<Round>;
    /// Of one queue.
    struct Shared {
        RoundPtr running;
        RoundPtr next;  // null: nobody waits for it
    };

    void start(const RoundPtr& round);
    void watch(const RoundPtr& round);
    void end(const RoundPtr& round);
    boost::asio::awaitable<Result> wait(RoundPtr round);

    boost::asio::io_context& context_;
    const std::chrono::seconds time_;
    base::Deadline hurry_until_ = base::Deadline::max();
    std::map<std::string, Shared, std::less<>> shared_;
    std::set<RoundPtr> rounds_;  // that were started
    std::unique_ptr<ports::Asker> asker_;
};

}  // namespace stockroom::gateway
