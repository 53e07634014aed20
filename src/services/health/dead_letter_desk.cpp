#include "stockroom/health/dead_letter_desk.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

#include "letter_keeper.hpp"
#include "letter_replayer.hpp"

namespace stockroom::health {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPauseMin{50};
constexpr milliseconds kPauseMax{1'000};
/// How often those that wait are counted.
constexpr std::chrono::seconds kCountInterval{2};
/// What may come yet from services that have stopped before.
constexpr int kLastRounds = 20;

}  // namespace

DeadLetterDesk::DeadLetterDesk(ports::Bus& bus, std::unique_ptr<ports::Store> store,
                               std::unique_ptr<ports::Queries> queries, telemetry::Metrics& metrics)
    : bus_(bus), store_(std::move(store)), queries_(std::move(queries)), metrics_(metrics) {}

DeadLetterDesk::~DeadLetterDesk() {
    stop();
}

void DeadLetterDesk::start() {
    CHECK(!thread_.joinable(), "a desk is opened once");
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void DeadLetterDesk::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

std::string DeadLetterDesk::trouble() const {
    const base::lock_guard lock(mutex_);
    return trouble_;
}

void DeadLetterDesk::set_trouble(const std::string& trouble) {
    const base::lock_guard lock(mutex_);
    if (trouble == trouble_) return;
    if (!trouble.empty())
        telemetry::log(telemetry::LogLevel::warning, "dead letters are in trouble, trying again",
                       {{"detail", trouble}});
    trouble_ = trouble;
}

void DeadLetterDesk::work(const std::stop_token& stop) {
    try {
        run(stop);
    } catch (const std::exception& error) {
        set_trouble(error.what());
    } catch (...) {
        set_trouble("an exception without a name");
    }
}

void DeadLetterDesk::run(const std::stop_token& stop) {
    auto waiting = metrics_.gauge("stockroom_dead_letters_waiting",
                                  "Dead letters that wait for somebody to decide about them");
    const auto consumer = bus_.make_consumer(ports::kDeadQueue);
    const std::stop_callback wake(stop, [&consumer] { consumer->interrupt(); });
    LetterKeeper keeper(*consumer, *store_, metrics_);
    LetterReplayer replayer(bus_, *store_, *queries_, metrics_);
    auto count_at = std::chrono::steady_clock::now();
    const auto look_around = [&]() -> std::expected<void, ports::Error> {
        if (auto kept = keeper.keep(base::in(kInterval)); !kept)
            return std::unexpected(std::move(kept.error()));
        if (auto replayed = replayer.replay(stop); !replayed) return replayed;
        if (std::chrono::steady_clock::now() < count_at) return {};
        const auto count = queries_->count_dead_letters(domain::DeadLetterState::waiting);
        if (!count) return std::unexpected(count.error());
        waiting.set(static_cast<double>(*count));
        count_at = base::in(kCountInterval);
        return {};
    };

    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    auto pause = kPauseMin;
    while (!stop.stop_requested()) {
        const auto done = look_around();
        set_trouble(done ? "" : done.error().detail);
        pause = done ? kPauseMin : std::min(2 * pause, kPauseMax);
        if (!done) stopped.wait_for(lock, stop, pause, [] { return false; });
    }
    for (int round = 0; round < kLastRounds; ++round) {
        const auto kept = keeper.keep(std::chrono::steady_clock::now());
        if (!kept || *kept == 0) break;
    }
}

}  // namespace stockroom::health
