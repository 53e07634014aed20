#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stockroom/ports/classic.hpp"

namespace stockroom::gateway {

/// For tests: classic queues that answer what the test says, when it says so. One thread.
class ScriptedClassicBus final : public ports::ClassicBus {
  public:
    struct Asked {
        std::string queue;
        std::string bytes;
        ports::AnswerHandler done;
    };

    [[nodiscard]] std::unique_ptr<ports::ClassicConsumer> make_classic_consumer(
        std::string_view /*queue*/) override {
        return nullptr;
    }
    [[nodiscard]] std::unique_ptr<ports::Asker> make_asker() override {
        return std::make_unique<End>(*this);
    }

    [[nodiscard]] std::size_t count() const { return asked_.size(); }
    [[nodiscard]] const Asked& asked(std::size_t index) const { return asked_.at(index); }
    void answer(std::size_t index, std::string bytes) { asked_.at(index).done(std::move(bytes)); }
    void refuse(std::size_t index, std::string why) {
        asked_.at(index).done(
            std::unexpected(ports::Error{ports::ErrorKind::retryable, std::move(why)}));
    }

  private:
    class End final : public ports::Asker {
      public:
        explicit End(ScriptedClassicBus& bus) : bus_(bus) {}
        void ask(std::string_view queue, std::string bytes, base::Deadline /*deadline*/,
                 ports::AnswerHandler done) override {
            bus_.asked_.push_back({std::string(queue), std::move(bytes), std::move(done)});
        }

      private:
        ScriptedClassicBus& bus_;
    };

    std::vector<Asked> asked_;
};

}  // namespace stockroom::gateway
