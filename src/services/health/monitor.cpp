#include "monitor.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/base/check.hpp"
#include "stockroom/telemetry/log.hpp"

namespace stockroom::health {

namespace asio = boost::asio;
using domain::PartKind;

namespace {

constexpr const char* kBroker = "broker";
constexpr const char* kStore = "store";

}  // namespace

base::Deadline next_ask(const Options& options, base::Deadline asked, bool in_doubt) {
    return asked + (in_doubt ? options.doubt_interval : options.interval);
}

Monitor::Monitor(Options options, ports::Bus& bus, BlockingAsker::Question ask_store,
                 DiaryStore diary, telemetry::Metrics& metrics, OnFailure on_failure)
    : options_(std::move(options)),
      on_failure_(std::move(on_failure)),
      diary_(std::move(diary), metrics),
      board_(metrics, [this](domain::PartChange change) { diary_.put(std::move(change)); }),
      pinger_(bus, context_) {
    add(kStore, PartKind::server, std::make_unique<BlockingAsker>(context_, std::move(ask_store)));
    if (!options_.local_figures)
        add(kBroker, PartKind::server,
            std::make_unique<BrokerAsker>(context_, bus, pinger_, board_, options_));
    for (const Watched& service : options_.watched)
        watch(service);
    for (const Local& service : options_.locals)
        add(service.name, PartKind::service, std::make_unique<LocalAsker>(service.trouble));
    for (const std::string& queue : options_.queues)
        add(queue, PartKind::queue, std::make_unique<QueueAsker>(queue, pinger_, board_, options_));
    for (const std::string& queue : options_.counted)
        add(queue, PartKind::queue, std::make_unique<FiguresAsker>(queue, board_, options_));
}

Monitor::~Monitor() {
    stop();
}

void Monitor::watch(Watched service) {
    CHECK(!thread_.joinable(), "what is watched is known before the start");
    add(service.name, PartKind::service,
        std::make_unique<ReadyzAsker>(context_, std::move(service.url)));
}

void Monitor::add(const std::string& name, PartKind kind, std::unique_ptr<Asker> asker) {
    board_.add(name, kind);
    askers_.emplace_back(name, std::move(asker));
}

void Monitor::start() {
    CHECK(!thread_.joinable(), "a monitor is started once");
    std::set<std::string> names;
    for (const auto& [name, asker] : askers_)
        names.insert(name);
    diary_.start(std::move(names),
                 [this](const std::string& part) { board_.expect_trouble(part); });
    for (const auto& [name, asker] : askers_)
        asio::co_spawn(context_, ask_again_and_again(name, *asker),
                       [](const std::exception_ptr& failure) {
                           if (failure) std::rethrow_exception(failure);
                       });
    thread_ = std::jthread([this] { run(); });
}

void Monitor::request_stop() {
    context_.stop();
    diary_.request_stop();
}

void Monitor::stop() {
    request_stop();
    if (thread_.joinable()) thread_.join();
    diary_.stop();
}

std::string Monitor::to_json() const {
    return board_.to_json(base::Time::now());
}

asio::awaitable<void> Monitor::ask_again_and_again(std::string name, Asker& asker) {
    asio::steady_timer timer(context_);
    while (true) {
        const auto started = std::chrono::steady_clock::now();
        const Finding finding = co_await asker.ask(started + options_.patience);
        const bool in_doubt = board_.note(name, finding, base::Time::now());
        timer.expires_at(next_ask(options_, started, in_doubt));
        (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void Monitor::run() {
    try {
        const auto work = asio::make_work_guard(context_);
        context_.run();
    } catch (const std::exception& failure) {
        fail(failure.what());
    } catch (...) {
        fail("an exception without a name");
    }
}

void Monitor::fail(const std::string& reason) {
    telemetry::log(telemetry::LogLevel::error, "the health monitor has ended by a bug",
                   {{"reason", reason}});
    if (on_failure_) on_failure_("health: " + reason);
}

}  // namespace stockroom::health
