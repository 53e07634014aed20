#pragma once

#include <string>
#include <thread>
#include <vector>

#include "stockroom/base/mutex.hpp"

#include "amqp_broker.hpp"

namespace stockroom::conformance {

/// A way to a server that can be cut. On a thread of its own.
class TcpProxy {
  public:
    explicit TcpProxy(const Address& server);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    /// "127.0.0.1:PORT"
    [[nodiscard]] std::string host_and_port() const;
    /// Closes every connection; those that come later stand.
    void cut();
    /// Closes every connection, also those that come, until mend().
    void break_off();
    void mend();

  private:
    struct Pair {
        int client;
        int server;
    };
    void run();
    void accept_one() STOCKROOM_REQUIRES(mutex_);
    void close_all() STOCKROOM_REQUIRES(mutex_);
    /// False when one of them has closed.
    [[nodiscard]] static bool pass_on(int from, int to);

    const Address server_;
    int listener_ = -1;
    int port_ = 0;
    base::mutex mutex_;
    std::vector<Pair> pairs_ STOCKROOM_GUARDED_BY(mutex_);
    bool is_broken_ STOCKROOM_GUARDED_BY(mutex_) = false;
    bool is_stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace stockroom::conformance
