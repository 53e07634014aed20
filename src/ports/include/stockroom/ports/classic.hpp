#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stockroom/base/time.hpp"
#include "stockroom/ports/bus.hpp"
#include "stockroom/ports/error.hpp"

namespace stockroom::ports {

/// The receiving end of one classic queue (contract/classic.hpp). Its messages come from anybody,
/// and may hold anything. As Consumer; but reply() is not for it.
class ClassicConsumer : public Consumer {
  public:
    /// Sends an answer as one message of exactly these bytes, under the delivery's correlation id,
    /// at most once. Waits while too many bytes of others have not been sent.
    /// Errors: retryable (at the deadline: it is not sent).
    [[nodiscard]] virtual std::expected<void, Error> answer(Reply reply,
                                                            base::Deadline deadline) = 0;
};

/// The answer, or what stood in its way (retryable). Called on any thread; must be quick, and must
/// not throw.
using AnswerHandler = std::function<void(std::expected<std::string, Error>)>;

/// Puts questions to classic queues. Thread-safe.
class Asker {
  public:
    virtual ~Asker() = default;

    /// Sends a question, which is not durable, and which nobody sees after the deadline any more.
    /// Never blocks. `done` is called at most once, perhaps before this returns: never when there
    /// is no answer by the deadline, nor when the asker is gone.
    virtual void ask(std::string_view queue, std::string bytes, base::Deadline deadline,
                     AnswerHandler done) = 0;
};

/// The classic queues of a bus. Thread-safe.
class ClassicBus {
  public:
    virtual ~ClassicBus() = default;
    [[nodiscard]] virtual std::unique_ptr<ClassicConsumer> make_classic_consumer(
        std::string_view queue) = 0;
    [[nodiscard]] virtual std::unique_ptr<Asker> make_asker() = 0;
};

}  // namespace stockroom::ports
