#include "stockroom/orders/sweeper.hpp"

#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "stockroom/base/check.hpp"
#include "stockroom/contract/codec.hpp"
#include "stockroom/contract/names.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::orders {

namespace {

domain::Command expire(const ports::Queries::DueOrder& due) {
    const auto order = due.order.to_string();
    const auto expires_at = due.expires_at.to_string();
    const std::array<std::string_view, 3> parts{"expire", order, expires_at};
    return {.id = base::Uuid::make_v8(parts),
            .actor = "system:expiry",
            .at = std::nullopt,
            .body = domain::ExpireOrder{due.order}};
}

}  // namespace

/// What became of one sweep's commands. Shared with the bus, which may tell late.
class ExpirySweeper::Confirms {
  public:
    explicit Confirms(std::size_t count) : missing_(count) {}

    void put(const base::Uuid& command, ports::Published what) {
        const std::lock_guard lock(mutex_);
        if (what == ports::Published::durable || what == ports::Published::dead)
            settled_.push_back(command);
        if (--missing_ == 0) all_.notify_all();
    }

    /// Empty when the stop came first.
    [[nodiscard]] std::optional<std::vector<base::Uuid>> wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!all_.wait(lock, stop, [this] { return missing_ == 0; })) return std::nullopt;
        return settled_;
    }

  private:
    // Not base::mutex: only the standard's condition_variable_any knows stop tokens.
    std::mutex mutex_;
    std::condition_variable_any all_;
    std::size_t missing_;
    std::vector<base::Uuid> settled_;
};

ExpirySweeper::ExpirySweeper(ports::Bus& bus, std::unique_ptr<ports::Queries> queries,
                             telemetry::Metrics& metrics, std::chrono::milliseconds interval)
    : publisher_(bus.make_publisher(nullptr)),
      queries_(std::move(queries)),
      interval_(interval),
      swept_(metrics.counter("stockroom_orders_swept_total",
                             "Orders found to be due and told to expire")) {}

ExpirySweeper::~ExpirySweeper() {
    stop();
}

void ExpirySweeper::start() {
    CHECK(!thread_.joinable(), "a sweeper is started once");
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void ExpirySweeper::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

std::string ExpirySweeper::trouble() const {
    const base::lock_guard lock(mutex_);
    return trouble_;
}

void ExpirySweeper::set_trouble(const std::string& trouble) {
    const base::lock_guard lock(mutex_);
    if (trouble == trouble_) return;
    if (!trouble.empty())
        telemetry::log(telemetry::LogLevel::warning, "the expiry sweeper is in trouble",
                       {{"detail", trouble}});
    trouble_ = trouble;
}

void ExpirySweeper::work(const std::stop_token& stop) {
    try {
        sweep_until_stopped(stop);
    } catch (const std::exception& error) {
        set_trouble(error.what());
    } catch (...) {
        set_trouble("an exception without a name");
    }
}

void ExpirySweeper::sweep_until_stopped(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    do {
        // A full sweep has left some over.
        while (!stop.stop_requested() && sweep(stop)) {
        }
        stopped.wait_for(lock, stop, interval_, [] { return false; });
    } while (!stop.stop_requested());
}

bool ExpirySweeper::sweep(const std::stop_token& stop) {
    const auto due = queries_->due_orders(kOrdersMax);
    if (!due) {
        set_trouble(due.error().detail);
        return false;
    }
    set_trouble("");

    // An order that is due although its command has ended (a dead letter) is an operator's to
    // mend: the same command again would only make another dead letter.
    std::unordered_set<base::Uuid> still_settled;
    std::vector<domain::Command> commands;
    for (const auto& order : *due) {
        auto command = expire(order);
        if (settled_.contains(command.id))
            still_settled.insert(command.id);
        else
            commands.push_back(std::move(command));
    }
    settled_ = std::move(still_settled);
    if (commands.empty()) return false;

    const auto confirms = std::make_shared<Confirms>(commands.size());
    for (const auto& command : commands)
        publisher_->publish(
            contract::kOrdersQueue, command.id, contract::encode_command(command), false,
            [confirms, id = command.id](ports::Published what) { confirms->put(id, what); });
    swept_.add(static_cast<double>(commands.size()));
    const auto settled = confirms->wait(stop);
    if (!settled) return false;
    settled_.insert(settled->begin(), settled->end());
    // All taken: there may be more. Some refused: the bus wants a rest.
    return due->size() == kOrdersMax && settled->size() == commands.size();
}

}  // namespace stockroom::orders
