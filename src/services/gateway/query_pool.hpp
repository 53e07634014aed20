#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/ports/queries.hpp"
#include "stockroom/telemetry/metrics.hpp"

namespace stockroom::gateway {

/// Threads that read the store for coroutines of one io_context. Each has its own Queries; reads
/// wait for them in one bounded queue, and results go back in batches.
class QueryPool {
  public:
    /// Makes what one thread reads the store by.
    using Open = std::function<std::expected<std::unique_ptr<ports::Queries>, ports::Error>()>;
    enum class Refusal { full, late };

    QueryPool(boost::asio::io_context& context, std::size_t threads, std::size_t queued_max,
              telemetry::Metrics& metrics);
    /// REQUIRES: nobody runs the io_context any more.
    ~QueryPool();
    QueryPool(const QueryPool&) = delete;
    QueryPool& operator=(const QueryPool&) = delete;

    /// Opens a reader for each thread and starts them. Errors: what `open` gives; no thread runs
    /// then.
    [[nodiscard]] std::expected<void, ports::Error> start(const Open& open);

    /// Runs `read` on one of the threads and gives what it returns; throws what it throws.
    /// Errors: full (nothing was read), late (the deadline passed; a read that has not begun by
    /// then never does, the result of one that has is dropped).
    template <typename Read>
    boost::asio::awaitable<std::expected<std::invoke_result_t<Read&, ports::Queries&>, Refusal>>
    run(Read read, base::Deadline deadline);

    /// Ends the threads; reads that wait are dropped. REQUIRES: nobody runs the io_context any
    /// more.
    void stop() STOCKROOM_EXCLUDES(mutex_);

  private:
    /// One read under way: its coroutine and the pool share it.
    struct Task {
        Task(boost::asio::io_context& context, base::Deadline until)
            : deadline(until), woken(context) {}
        virtual ~Task() = default;
        virtual void work(ports::Queries& queries) = 0;

        const base::Deadline deadline;
        boost::asio::steady_timer woken;  // cancelled when the result is there
        bool done = false;                // only the io_context's thread touches this
        std::exception_ptr failure;
    };

    template <typename Read>
    struct TypedTask : Task {
        TypedTask(boost::asio::io_context& context, base::Deadline until, Read given)
            : Task(context, until), read(std::move(given)) {}
        void work(ports::Queries& queries) override { result.emplace(read(queries)); }

        Read read;
        std::optional<std::invoke_result_t<Read&, ports::Queries&>> result;
    };

    using Tasks = std::vector<std::shared_ptr<Task>>;

    [[nodiscard]] bool enqueue(std::shared_ptr<Task> task) STOCKROOM_EXCLUDES(mutex_);
    void serve(ports::Queries& queries) STOCKROOM_EXCLUDES(mutex_);
    [[nodiscard]] Tasks take() STOCKROOM_EXCLUDES(mutex_);
    void hand_back(Tasks finished) STOCKROOM_EXCLUDES(mutex_);
    void wake_finished() STOCKROOM_EXCLUDES(mutex_);

    boost::asio::io_context& context_;
    std::size_t thread_count_;
    std::size_t queued_max_;
    telemetry::Histogram read_seconds_;

    base::mutex mutex_;
    base::condition changed_;
    std::deque<std::shared_ptr<Task>> queue_ STOCKROOM_GUARDED_BY(mutex_);
    Tasks finished_ STOCKROOM_GUARDED_BY(mutex_);
    bool stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::size_t idle_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::vector<std::thread> threads_;
};

template <typename Read>
boost::asio::awaitable<
    std::expected<std::invoke_result_t<Read&, ports::Queries&>, QueryPool::Refusal>>
QueryPool::run(Read read, base::Deadline deadline) {
    const auto task = std::make_shared<TypedTask<Read>>(context_, deadline, std::move(read));
    if (!enqueue(task)) co_return std::unexpected(Refusal::full);
    task->woken.expires_at(deadline);
    while (!task->done) {
        auto waking = task->woken.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        const auto [error] = co_await std::move(waking);
        if (!error && !task->done) co_return std::unexpected(Refusal::late);
    }
    if (task->failure) std::rethrow_exception(task->failure);
    if (!task->result) co_return std::unexpected(Refusal::late);
    co_return std::move(*task->result);
}

}  // namespace stockroom::gateway
