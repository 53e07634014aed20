#include "inbox.hpp"

#include <iterator>

#include <boost/asio/post.hpp>

namespace stockroom::gateway {

Inbox::Inbox(boost::asio::io_context& context, std::function<void(const Batch&)> deliver)
    : context_(context), deliver_(std::move(deliver)) {}

void Inbox::add(const base::Uuid& command, ports::Published published) {
    const base::lock_guard lock(mutex_);
    if (closed_) return;
    batch_.published.emplace_back(command, published);
    wake();
}

void Inbox::add(std::vector<std::string> replies) {
    const base::lock_guard lock(mutex_);
    if (closed_) return;
    if (batch_.replies.empty())
        batch_.replies = std::move(replies);
    else
        std::ranges::move(replies, std::back_inserter(batch_.replies));
    wake();
}

void Inbox::close() {
    const base::lock_guard lock(mutex_);
    closed_ = true;
    batch_ = {};
}

void Inbox::wake() {
    if (posted_) return;
    posted_ = true;
    boost::asio::post(context_, [self = shared_from_this()] { self->empty(); });
}

void Inbox::empty() {
    Batch batch;
    {
        const base::lock_guard lock(mutex_);
        posted_ = false;
        if (closed_) return;
        std::swap(batch, batch_);
    }
    deliver_(batch);
}

}  // namespace stockroom::gateway
