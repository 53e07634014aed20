#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stockroom/ingress/ingress.hpp"

namespace stockroom::ingress {

/// The classic queues of one service: none, as long as none is opened. Of one thread, but
/// trouble().
class ClassicQueues {
  public:
    /// As Ingress. Call before start().
    void open(std::string_view queue, Meaning meaning, const Ingress::Ways& ways) {
        all_.push_back(std::make_unique<Ingress>(queue, std::move(meaning), ways));
    }

    void start() {
        for (const auto& one : all_)
            one->start();
    }
    void request_stop() {
        for (const auto& one : all_)
            one->request_stop();
    }
    /// All at once.
    void stop() {
        request_stop();
        for (const auto& one : all_)
            one->stop();
    }
    [[nodiscard]] std::string trouble() const {
        for (const auto& one : all_)
            if (auto trouble = one->trouble(); !trouble.empty()) return trouble;
        return {};
    }

  private:
    std::vector<std::unique_ptr<Ingress>> all_;
};

}  // namespace stockroom::ingress
