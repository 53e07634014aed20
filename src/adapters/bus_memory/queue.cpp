#include "queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stockroom::bus_memory {

namespace {

/// How many calls on the queue a late message may miss.
constexpr std::uint64_t kMaxLateness = 64;

std::mt19937_64 make_random(std::string_view name, const std::optional<Chaos>& chaos) {
    // Queues of one bus must not share their luck.
    const std::uint64_t seed = chaos ? chaos->seed : 0;
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(seed),
                                     static_cast<std::uint32_t>(seed >> 32U)};
    for (const char letter : name)
        words.push_back(static_cast<unsigned char>(letter));
    std::seed_seq sequence(words.begin(), words.end());
    return std::mt19937_64(sequence);
}

}  // namespace

Queue::Queue(std::string_view name, const Options& options, telemetry::Metrics& metrics)
    : name_(name),
      max_(options.queue_max),
      bytes_max_(options.queue_bytes_max),
      chaos_(options.chaos),
      depth_(metrics.gauge("stockroom_queue_depth_messages",
                           "Messages of a queue, those being worked on among them",
                           {{"queue", name}})),
      published_(metrics.counter("stockroom_queue_published_total",
                                 "Messages that a queue has taken", {{"queue", name}})),
      random_(make_random(name, chaos_)) {}

std::optional<ports::Published> Queue::push(Message& message) {
    const base::lock_guard lock(mutex_);
    if (closed_) return ports::Published::unavailable;
    const bool is_heavy = bytes_ > 0 && bytes_ + message.bytes.size() > bytes_max_;
    if (size_ >= max_ || is_heavy) return ports::Published::queue_full;
    published_.add();
    ++published_count_;
    place(std::move(message));
    depth_.set(static_cast<double>(size_));
    wake_one();
    return std::nullopt;
}

std::expected<std::vector<Message>, ports::Error> Queue::take(Waiter& waiter,
                                                              std::size_t messages_max,
                                                              base::Deadline deadline) {
    const base::lock_guard lock(mutex_);
    ++tick_;
    bool in_time = true;
    while (true) {
        if (std::exchange(waiter.interrupted, false)) {
            messages_max = 0;
            break;
        }
        if (closed_)
            return std::unexpected(
                ports::Error{ports::ErrorKind::retryable, "bus_memory: the bus is closed"});
        release_late();
        if (!ready_.empty() || !in_time) break;
        ++idle_;
        in_time = changed_.wait_until(mutex_, deadline);
        --idle_;
        woken_ = false;
    }

    const auto count = std::min(messages_max, ready_.size());
    const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Message> taken(std::make_move_iterator(ready_.begin()),
                               std::make_move_iterator(end));
    ready_.erase(ready_.begin(), end);
    // What is left may be what another consumer was not woken for.
    if (!ready_.empty()) wake_one();
    return taken;
}

void Queue::add_consumer() {
    const base::lock_guard lock(mutex_);
    ++consumers_;
}

void Queue::remove_consumer() {
    const base::lock_guard lock(mutex_);
    --consumers_;
}

QueueCounts Queue::counts() {
    const base::lock_guard lock(mutex_);
    const std::size_t waiting = ready_.size() + late_.size();
    return {.consumers = consumers_,
            .ready = waiting,
            .unacked = size_ - waiting,
            .published = published_count_};
}

void Queue::interrupt(Waiter& waiter) {
    const base::lock_guard lock(mutex_);
    waiter.interrupted = true;
    changed_.notify_all();
}

std::vector<Message> Queue::put_back(std::vector<Message> messages) {
    const base::lock_guard lock(mutex_);
    if (closed_) {
        uncount(messages);
        return messages;
    }
    ready_.insert(ready_.begin(), std::make_move_iterator(messages.begin()),
                  std::make_move_iterator(messages.end()));
    wake_one();
    return {};
}

void Queue::forget(std::span<const Message> messages) {
    const base::lock_guard lock(mutex_);
    uncount(messages);
}

std::vector<Message> Queue::peek() {
    const base::lock_guard lock(mutex_);
    std::vector<Message> waiting(ready_.begin(), ready_.end());
    for (const auto& late : late_)
        waiting.push_back(late.message);
    return waiting;
}

std::vector<Message> Queue::close() {
    const base::lock_guard lock(mutex_);
    closed_ = true;
    std::vector<Message> waiting(std::make_move_iterator(ready_.begin()),
                                 std::make_move_iterator(ready_.end()));
    for (auto& late : late_)
        waiting.push_back(std::move(late.message));
    ready_.clear();
    late_.clear();
    uncount(waiting);
    changed_.notify_all();
    return waiting;
}

void Queue::count(const Message& message) {
    ++size_;
    bytes_ += message.bytes.size();
}

void Queue::uncount(std::span<const Message> messages) {
    size_ -= messages.size();
    for (const Message& message : messages)
        bytes_ -= message.bytes.size();
    depth_.set(static_cast<double>(size_));
}

void Queue::place(Message message) {
    count(message);
    if (!chaos_) {
        ready_.push_back(std::move(message));
        return;
    }
    ++tick_;
    if (happens(chaos_->duplicate)) {
        Message twin{.bytes = message.bytes,
                     .reply_to = message.reply_to,
                     .message_id = message.message_id,
                     .death = message.death};
        count(twin);
        place_late(std::move(twin));
    }
    if (happens(chaos_->delay)) {
        place_late(std::move(message));
    } else if (happens(chaos_->reorder)) {
        const auto where = static_cast<std::ptrdiff_t>(random_() % (ready_.size() + 1));
        ready_.insert(ready_.begin() + where, std::move(message));
    } else {
        ready_.push_back(std::move(message));
    }
}

void Queue::place_late(Message message) {
    const auto tick = tick_ + 1 + random_() % kMaxLateness;
    const auto where =
        std::ranges::upper_bound(late_, tick, {}, [](const Later& late) { return late.tick; });
    late_.insert(where, Later{.tick = tick, .message = std::move(message)});
}

void Queue::release_late() {
    if (late_.empty()) return;
    // When nothing else is left there is nothing more to be late for.
    if (ready_.empty()) tick_ = std::max(tick_, late_.front().tick);
    const auto due =
        std::ranges::upper_bound(late_, tick_, {}, [](const Later& late) { return late.tick; });
    for (auto late = late_.begin(); late != due; ++late)
        ready_.push_back(std::move(late->message));
    late_.erase(late_.begin(), due);
}

bool Queue::happens(double probability) {
    // The standard's distributions may differ from library to library.
    return static_cast<double>(random_() >> 11U) * 0x1p-53 < probability;
}

void Queue::wake_one() {
    // A notify costs more than all the rest of a publish; one that is under way is enough, since
    // whoever wakes and leaves something behind wakes the next.
    if (idle_ == 0 || woken_) return;
    woken_ = true;
    changed_.notify_one();
}

}  // namespace stockroom::bus_memory
