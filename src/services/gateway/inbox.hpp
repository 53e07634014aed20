#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "stockroom/base/mutex.hpp"
#include "stockroom/base/uuid.hpp"
#include "stockroom/ports/bus.hpp"

namespace stockroom::gateway {

/// Carries what the bus says on its threads to the thread of the io_context, all that has come in
/// meanwhile in one go. The bus's handlers share it, so it may outlive everything else.
class Inbox : public std::enable_shared_from_this<Inbox> {
  public:
    struct Batch {
        std::vector<std::pair<base::Uuid, ports::Published>> published;
        std::vector<std::string> replies;  // each of one or more outcomes
    };

    /// `deliver` is called on the io_context's thread.
    Inbox(boost::asio::io_context& context, std::function<void(const Batch&)> deliver);

    // From any thread.
    void add(const base::Uuid& command, ports::Published published) STOCKROOM_EXCLUDES(mutex_);
    void add(std::vector<std::string> replies) STOCKROOM_EXCLUDES(mutex_);

    /// From here on everything is dropped, and the io_context is not touched any more. Call when
    /// nobody runs the io_context.
    void close() STOCKROOM_EXCLUDES(mutex_);

  private:
    void wake() STOCKROOM_REQUIRES(mutex_);
    void empty() STOCKROOM_EXCLUDES(mutex_);

    boost::asio::io_context& context_;
    std::function<void(const Batch&)> deliver_;
    base::mutex mutex_;
    Batch batch_ STOCKROOM_GUARDED_BY(mutex_);
    bool posted_ STOCKROOM_GUARDED_BY(mutex_) = false;
    bool closed_ STOCKROOM_GUARDED_BY(mutex_) = false;
};

}  // namespace stockroom::gateway
