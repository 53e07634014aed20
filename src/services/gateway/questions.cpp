#include "questions.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace stockroom::gateway {

namespace asio = boost::asio;

/// A question, with everybody who waits for its answer.
struct Questions::Round {
    Round(asio::io_context& context, std::string to, std::string text)
        : queue(std::move(to)), bytes(std::move(text)), news(context, base::Deadline::max()) {}

    [[nodiscard]] bool is_over() const {
        return result || news.expiry() <= std::chrono::steady_clock::now();
    }

    std::string queue;
    std::string bytes;
    std::optional<Result> result;
    asio::steady_timer news;  // ends at the deadline; cancelled when there is a result
};

Questions::Questions(asio::io_context& context, ports::ClassicBus& bus, std::chrono::seconds time)
    : context_(context), time_(time), asker_(bus.make_asker()) {}

void Questions::start(const RoundPtr& round) {
    const base::Deadline deadline = std::min(base::in(time_), hurry_until_);
    rounds_.insert(round);
    round->news.expires_at(deadline);
    watch(round);
    asker_->ask(round->queue, std::move(round->bytes), deadline,
                [&context = context_, round](std::expected<std::string, ports::Error> answer) {
                    asio::post(context, [round, answer = std::move(answer)]() mutable {
                        if (round->result) return;
                        round->result =
                            answer ? Result(std::make_shared<const std::string>(*std::move(answer)))
                                   : Result(std::unexpect, std::move(answer.error().detail));
                        round->news.cancel();
                    });
                });
}

void Questions::watch(const RoundPtr& round) {
    round->news.async_wait([this, round](const boost::system::error_code&) {
        // Else the deadline is another one now.
        if (round->is_over()) end(round);
    });
}

void Questions::end(const RoundPtr& round) {
    if (rounds_.erase(round) == 0) return;
    if (!round->result) round->result = Result(std::unexpect, "no answer has come in time");
    const auto shared = shared_.find(round->queue);
    if (shared == shared_.end() || shared->second.running != round) return;
    shared->second.running = std::exchange(shared->second.next, nullptr);
    if (shared->second.running) start(shared->second.running);
}

asio::awaitable<Questions::Result> Questions::wait(RoundPtr round) {
    while (!round->result) {
        auto waiting = round->news.async_wait(asio::as_tuple(asio::use_awaitable));
        co_await std::move(waiting);
        // At the deadline this may come before the watch.
        if (round->is_over()) end(round);
    }
    co_return *round->result;
}

asio::awaitable<Questions::Result> Questions::ask(std::string queue, std::string bytes) {
    auto round = std::make_shared<Round>(context_, std::move(queue), std::move(bytes));
    start(round);
    return wait(std::move(round));
}

asio::awaitable<Questions::Result> Questions::ask_for_all(std::string queue) {
    Shared& shared = shared_[queue];
    if (!shared.running) {
        shared.running = std::make_shared<Round>(context_, std::move(queue), "");
        start(shared.running);
        return wait(shared.running);
    }
    if (!shared.next) shared.next = std::make_shared<Round>(context_, std::move(queue), "");
    return wait(shared.next);
}

void Questions::hurry(base::Deadline deadline) {
    hurry_until_ = deadline;
    for (const RoundPtr& round : std::set(rounds_)) {
        if (round->news.expiry() <= deadline) continue;
        round->news.expires_at(deadline);
        watch(round);
    }
}

}  // namespace stockroom::gateway
