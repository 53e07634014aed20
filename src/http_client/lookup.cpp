#include "stockroom/http_client/lookup.hpp"

#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stockroom/base/mutex.hpp"

namespace stockroom::http_client {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Lookup::Shared {
    asio::steady_timer* waiter = nullptr;  // of the context's thread

    base::mutex mutex;
    asio::io_context* context STOCKROOM_GUARDED_BY(mutex) = nullptr;  // null: nobody waits any more
    bool is_under_way STOCKROOM_GUARDED_BY(mutex) = false;
    std::optional<Found> found STOCKROOM_GUARDED_BY(mutex);

    static void end(const std::shared_ptr<Shared>& shared, Found found) {
        const base::lock_guard lock(shared->mutex);
        shared->is_under_way = false;
        shared->found = std::move(found);
        if (shared->context == nullptr) return;
        asio::post(*shared->context, [shared] {
            if (shared->waiter != nullptr) shared->waiter->cancel();
        });
    }
    std::optional<Found> take() {
        const base::lock_guard lock(mutex);
        return std::exchange(found, std::nullopt);
    }
};

auto Lookup::ask_system(const std::string& host, std::uint16_t port) -> Found {
    asio::io_context context;
    error_code error;
    const auto results = tcp::resolver(context).resolve(host, std::to_string(port), error);
    if (error) return std::unexpected(error);
    Endpoints endpoints;
    for (const auto& result : results)
        endpoints.push_back(result.endpoint());
    return endpoints;
}

Lookup::Lookup(asio::io_context& context, const ServerUrl& url, Resolve resolve)
    : context_(context),
      host_(url.host),
      port_(url.port),
      resolve_(std::move(resolve)),
      shared_(std::make_shared<Shared>()) {
    const base::lock_guard lock(shared_->mutex);
    shared_->context = &context;
}

Lookup::~Lookup() {
    const base::lock_guard lock(shared_->mutex);
    shared_->context = nullptr;
}

asio::awaitable<Lookup::Found> Lookup::find(base::Deadline deadline) {
    error_code no_address;
    const auto address = asio::ip::make_address(host_, no_address);
    if (!no_address) co_return Endpoints{tcp::endpoint(address, port_)};

    // What an earlier one has found too late is not new any more.
    if (const auto late = shared_->take()) note(*late);
    begin();
    const auto now = base::Deadline::clock::now();
    asio::steady_timer waiter(context_, last_.empty() ? deadline : now + (deadline - now) / 2);
    shared_->waiter = &waiter;
    auto found = shared_->take();
    if (!found) {
        (void)co_await waiter.async_wait(asio::as_tuple(asio::use_awaitable));
        found = shared_->take();
    }
    shared_->waiter = nullptr;
    if (found) note(*found);
    if (!last_.empty()) co_return last_;
    if (found && !*found) co_return *found;
    co_return std::unexpected(error_code(asio::error::operation_aborted));
}

void Lookup::begin() {
    {
        const base::lock_guard lock(shared_->mutex);
        if (std::exchange(shared_->is_under_way, true)) return;
    }
    try {
        std::thread([shared = shared_, resolve = resolve_, host = host_, port = port_] {
            Shared::end(shared, resolve(host, port));
        }).detach();
    } catch (const std::system_error& failure) {
        Shared::end(shared_, std::unexpected(error_code(failure.code())));
    }
}

void Lookup::note(const Found& found) {
    if (found) {
        last_ = *found;
    } else if (found.error() == asio::error::host_not_found) {
        last_.clear();
    }
}

}  // namespace stockroom::http_client
