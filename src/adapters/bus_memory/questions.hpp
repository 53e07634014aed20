#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/time.hpp"
#include "stockroom/ports/classic.hpp"

namespace stockroom::bus_memory {

/// The questions of one asker that have no answer yet. Thread-safe.
class Questions {
  public:
    /// Returns what to answer it by.
    [[nodiscard]] std::string add(base::Deadline deadline, ports::AnswerHandler handler);
    /// Nothing when it was answered already, or its deadline has passed.
    void answer(const std::string& number, std::expected<std::string, ports::Error> answer);
    /// No handler is called any more.
    void close();

  private:
    struct Question {
        base::Deadline deadline;
        ports::AnswerHandler handler;
    };

    base::mutex mutex_;
    std::map<std::uint64_t, Question> questions_ STOCKROOM_GUARDED_BY(mutex_);
    std::uint64_t last_ STOCKROOM_GUARDED_BY(mutex_) = 0;
};

}  // namespace stockroom::bus_memory
