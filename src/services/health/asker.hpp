#pragma once

#include <condition_variable>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/health/options.hpp"
#include "stockroom/http_client/lookup.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/error.hpp"

#include "board.hpp"
#include "judge.hpp"
#include "management.hpp"
#include "pinger.hpp"

namespace stockroom::health {

/// Asks one part how it is. Of the thread that runs the context.
class Asker {
  public:
    virtual ~Asker() = default;
    /// By the deadline; later than that is an answer, too: that there is none.
    virtual boost::asio::awaitable<Finding> ask(base::Deadline deadline) = 0;
};

/// By HTTP: up when /readyz is 200, degraded when it says what is wrong, down without an answer.
class ReadyzAsker final : public Asker {
  public:
    ReadyzAsker(boost::asio::io_context& context, http_client::ServerUrl url)
        : context_(context), url_(std::move(url)), lookup_(context, url_) {}
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    boost::asio::io_context& context_;
    const http_client::ServerUrl url_;
    http_client::Lookup lookup_;
};

/// In this process: degraded while it is in trouble.
class LocalAsker final : public Asker {
  public:
    explicit LocalAsker(std::function<std::string()> trouble) : trouble_(std::move(trouble)) {}
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    const std::function<std::string()> trouble_;
};

/// By a question that may block, on a thread of its own: the store.
class BlockingAsker final : public Asker {
  public:
    using Question = std::function<std::expected<void, ports::Error>()>;

    BlockingAsker(boost::asio::io_context& context, Question question);
    /// Waits for the question under way.
    ~BlockingAsker() override;
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    void work();
    void note(const Finding& finding);

    boost::asio::io_context& context_;
    const Question question_;
    // Of the context's thread.
    bool is_asked_ = false;  // and has not answered yet
    std::optional<Finding> answer_;
    boost::asio::steady_timer* waiter_ = nullptr;

    base::mutex mutex_;
    base::condition changed_;
    bool wanted_ STOCKROOM_GUARDED_BY(mutex_) = false;
    bool stops_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::jthread thread_;
};

/// Through a command queue and back.
class QueueAsker final : public Asker {
  public:
    /// REQUIRES: all outlive it.
    QueueAsker(std::string queue, Pinger& pinger, Board& board, const Options& options)
        : queue_(std::move(queue)), pinger_(pinger), board_(board), options_(options) {}
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    [[nodiscard]] Finding judge(const Pinged& pinged) const;

    const std::string queue_;
    Pinger& pinger_;
    Board& board_;
    const Options& options_;
};

/// By what the broker tells of a queue that is not pinged.
class FiguresAsker final : public Asker {
  public:
    /// REQUIRES: all outlive it.
    FiguresAsker(std::string queue, Board& board, const Options& options)
        : queue_(std::move(queue)), board_(board), options_(options) {}
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    const std::string queue_;
    Board& board_;
    const Options& options_;
};

/// Both ways to the broker: whether it takes a message, and its management API, which tells of the
/// queues, too.
class BrokerAsker final : public Asker {
  public:
    /// REQUIRES: all outlive it.
    BrokerAsker(boost::asio::io_context& context, const ports::Bus& bus, Pinger& pinger,
                Board& board, const Options& options);
    boost::asio::awaitable<Finding> ask(base::Deadline deadline) override;

  private:
    /// Empty when it answers and all is well; else what is wrong.
    boost::asio::awaitable<std::string> ask_management(base::Deadline deadline);

    const ports::Bus& bus_;
    Pinger& pinger_;
    Board& board_;
    const Options& options_;
    std::optional<ManagementClient> management_;
};

}  // namespace stockroom::health
