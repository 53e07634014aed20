#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/base/uuid.hpp"
#include "stockroom/ingress/ingress.hpp"

namespace stockroom::ingress {

/// What an ingress does, on its thread.
class Work {
  public:
    using OnTrouble = std::function<void(const std::string& trouble)>;  // empty: it is over

    /// REQUIRES: queue and meaning outlive it.
    Work(const std::string& queue, const Meaning& meaning, const Ingress::Ways& ways,
         OnTrouble on_trouble);

    /// Until the stop is requested.
    void run(const std::stop_token& stop);

  private:
    using Deliveries = std::span<const ports::Delivery>;

    /// A message that is to become durable as a command.
    struct Wish {
        const ports::Delivery* delivery;
        base::Uuid id;
        std::string_view queue;
        std::string bytes;
    };

    void work_off(const std::stop_token& stop, Deliveries taken);
    void send_wishes(const std::stop_token& stop, const Translate& translate, Deliveries taken);
    /// Those that are not durable, to be sent again; all of them when the stop came first.
    [[nodiscard]] std::vector<Wish> send(const std::stop_token& stop, std::vector<Wish> wishes);
    void answer_all(const std::stop_token& stop, const Answer& answer, Deliveries taken);

    void reply(const ports::Delivery& delivery, std::string_view bytes);
    void set_aside(const ports::Delivery& delivery, const std::string& reason);
    void ack(const ports::Delivery& delivery);
    void give_back(const ports::Delivery& delivery);
    /// Waits longer from failure to failure. False when the stop was requested.
    bool back_off(const std::stop_token& stop, const std::string& why);
    void recover();

    const std::string& queue_;
    const Meaning& meaning_;
    const OnTrouble on_trouble_;
    const std::unique_ptr<ports::ClassicConsumer> consumer_;
    const std::unique_ptr<ports::Publisher> publisher_;
    telemetry::Counter sent_;
    telemetry::Counter answered_;
    telemetry::Counter dead_;
    unsigned failures_ = 0;  // in a row
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace stockroom::ingress
