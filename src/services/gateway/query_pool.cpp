#include "query_pool.hpp"

#include <algorithm>
#include <iterator>

#include <boost/asio/post.hpp>

namespace stockroom::gateway {

namespace {

/// How many reads a thread takes at once: more spares wake-ups, but lets a slow one hold up others.
constexpr std::size_t kTakenMax = 16;

}  // namespace

QueryPool::QueryPool(boost::asio::io_context& context, std::size_t threads, std::size_t queued_max,
                     telemetry::Metrics& metrics)
    : context_(context),
      thread_count_(threads),
      queued_max_(queued_max),
      read_seconds_(metrics.histogram("stockroom_store_read_seconds",
                                      "How long the store takes to answer the gateway's reads.",
                                      telemetry::duration_buckets())) {}

std::expected<void, ports::Error> QueryPool::start(const Open& open) {
    std::vector<std::unique_ptr<ports::Queries>> readers;
    for (std::size_t i = 0; i < thread_count_; ++i) {
        auto reader = open();
        if (!reader) return std::unexpected(std::move(reader.error()));
        readers.push_back(std::move(*reader));
    }
    for (std::unique_ptr<ports::Queries>& reader : readers)
        threads_.emplace_back([this, queries = std::move(reader)] { serve(*queries); });
    return {};
}

QueryPool::~QueryPool() {
    stop();
}

void QueryPool::stop() {
    {
        const base::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    const base::lock_guard lock(mutex_);
    queue_.clear();
    finished_.clear();
}

bool QueryPool::enqueue(std::shared_ptr<Task> task) {
    bool wake = false;
    {
        const base::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queued_max_) return false;
        queue_.push_back(std::move(task));
        wake = idle_ > 0;
    }
    if (wake) changed_.notify_one();
    return true;
}

QueryPool::Tasks QueryPool::take() {
    const base::lock_guard lock(mutex_);
    while (queue_.empty() && !stopping_) {
        ++idle_;
        changed_.wait(mutex_);
        --idle_;
    }
    Tasks taken;
    if (stopping_) return taken;
    const std::size_t share = (queue_.size() + thread_count_ - 1) / thread_count_;
    const std::size_t count = std::clamp<std::size_t>(share, 1, kTakenMax);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(count, queue_.size()));
    taken.assign(std::move_iterator(queue_.begin()), std::move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return taken;
}

void QueryPool::serve(ports::Queries& queries) {
    for (Tasks taken = take(); !taken.empty(); taken = take()) {
        for (const std::shared_ptr<Task>& task : taken) {
            const auto start = std::chrono::steady_clock::now();
            if (start >= task->deadline) continue;  // nobody waits for it any more
            try {
                task->work(queries);
            } catch (...) {
                // It goes on in the coroutine that asked, whose root answers 500.
                task->failure = std::current_exception();
            }
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
            read_seconds_.observe(spent.count());
        }
        hand_back(std::move(taken));
    }
}

void QueryPool::hand_back(Tasks finished) {
    const base::lock_guard lock(mutex_);
    const bool posted = !finished_.empty();
    std::ranges::move(finished, std::back_inserter(finished_));
    if (!posted) boost::asio::post(context_, [this] { wake_finished(); });
}

void QueryPool::wake_finished() {
    Tasks finished;
    {
        const base::lock_guard lock(mutex_);
        finished.swap(finished_);
    }
    for (const std::shared_ptr<Task>& task : finished) {
        task->done = true;
        task->woken.cancel();
    }
}

}  // namespace stockroom::gateway
