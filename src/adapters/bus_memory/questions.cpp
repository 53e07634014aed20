#include "questions.hpp"

#include <charconv>
#include <utility>

namespace stockroom::bus_memory {

std::string Questions::add(base::Deadline deadline, ports::AnswerHandler handler) {
    const auto now = std::chrono::steady_clock::now();
    const base::lock_guard lock(mutex_);
    // Those that nobody answers must not stay.
    while (!questions_.empty() && questions_.begin()->second.deadline <= now)
        questions_.erase(questions_.begin());
    questions_.emplace_hint(questions_.end(), ++last_, Question{deadline, std::move(handler)});
    return std::to_string(last_);
}

void Questions::answer(const std::string& number, std::expected<std::string, ports::Error> answer) {
    std::uint64_t key = 0;
    (void)std::from_chars(number.data(), number.data() + number.size(), key);
    // The handler is called under the lock, so that close() waits for it.
    const base::lock_guard lock(mutex_);
    const auto question = questions_.extract(key);
    if (question.empty() || question.mapped().deadline <= std::chrono::steady_clock::now()) return;
    question.mapped().handler(std::move(answer));
}

void Questions::close() {
    const base::lock_guard lock(mutex_);
    questions_.clear();
}

}  // namespace stockroom::bus_memory
