#include "stress_crowd.hpp"

#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client.hpp"

namespace stockroom {

namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

/// The order's id: of a placed one, or of the rejected one that a problem names.
std::string order_id_of(const http_client::Answer& answer) {
    return string_member(answer.json, answer.is_done() ? "id" : "order_id").value_or("");
}

BuyerReport report_of(const std::expected<http_client::Answer, http_client::NoAnswer>& answer) {
    using enum BuyerReport::Told;
    BuyerReport report;
    if (!answer) {
        report.trouble = answer.error().detail;
    } else if (answer->is_done()) {
        report.told = sold;
        report.order = order_id_of(*answer);
    } else if (answer->problem() == "rejected") {
        report.told = refused;
        report.order = order_id_of(*answer);
    } else {
        report.trouble = answer->explain();
    }
    return report;
}

}  // namespace

Crowd::Crowd(const http_client::ServerUrl& url, std::int64_t buyers, std::chrono::seconds patience,
             const std::function<http_client::Request(std::int64_t)>& order_of)
    : patience_(patience), gate_(context_, base::Deadline::max()) {
    buyers_.reserve(static_cast<std::size_t>(buyers));
    for (std::int64_t i = 0; i < buyers; ++i)
        buyers_.push_back(
            std::make_unique<Buyer>(http_client::Connection(context_, url), order_of(i)));
}

std::vector<BuyerReport> Crowd::run(const std::function<void(std::int64_t)>& on_step) {
    on_step_ = &on_step;
    for (const auto& buyer : buyers_) {
        asio::co_spawn(context_, buy(*buyer), [](const std::exception_ptr& failure) {
            if (failure) std::rethrow_exception(failure);
        });
    }
    context_.run();
    std::vector<BuyerReport> reports;
    for (const auto& buyer : buyers_)
        reports.push_back(std::move(buyer->report));
    return reports;
}

asio::awaitable<void> Crowd::buy(Buyer& buyer) {
    // One that cannot connect yet tries again with its order.
    (void)co_await buyer.connection.connect(base::in(patience_));
    co_await wait_for_all();
    const auto answer = co_await http_client::ask_until_answered(buyer.connection, buyer.order,
                                                                 base::in(patience_));
    buyer.report = report_of(answer);
    if (buyer.report.told == BuyerReport::Told::sold) co_await repeat(buyer);
    (*on_step_)(++through_);
}

asio::awaitable<void> Crowd::wait_for_all() {
    if (++waiting_ == buyers_.size()) {
        gate_.cancel();
    } else {
        (void)co_await gate_.async_wait(kAwait);
    }
}

asio::awaitable<void> Crowd::repeat(Buyer& buyer) {
    const auto again = co_await http_client::ask_until_answered(buyer.connection, buyer.order,
                                                                base::in(patience_));
    if (!again) {
        buyer.report.trouble = again.error().detail;
    } else if (!again->is_done() || order_id_of(*again) != buyer.report.order) {
        buyer.report.trouble =
            again->is_done() ? "another order, " + order_id_of(*again) : again->explain();
    } else {
        buyer.report.was_confirmed = true;
    }
}

}  // namespace stockroom
