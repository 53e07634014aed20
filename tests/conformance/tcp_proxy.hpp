#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "stockroom/base/mutex.hpp"

#include "amqp_broker.hpp"

namespace stockroom::conformance {

/// Stands between a client and a server, and can do to them what networks do. Thread-safe.
class TcpProxy {
  public:
    enum class Mode {
        pass,    // hands everything on
        stall,   // takes connections and bytes, as much as sockets hold, and hands nothing on
        refuse,  // ends every connection at once
    };

    explicit TcpProxy(Address target);
    ~TcpProxy();
    TcpProxy(const TcpProxy&) = delete;
    TcpProxy& operator=(const TcpProxy&) = delete;

    /// "127.0.0.1:PORT"
    [[nodiscard]] std::string address() const;
    /// Holds for what there is, too.
    void set(Mode mode);
    /// Ends all connections there are.
    void cut();
    /// How many connections were taken.
    [[nodiscard]] std::size_t connections();
    /// How often the client has sent nothing but an AMQP heartbeat: of each connection there is.
    [[nodiscard]] std::vector<std::size_t> heartbeats();

  private:
    void run();
    /// False when one of the two is gone.
    [[nodiscard]] bool hand_on(int from, int to) STOCKROOM_REQUIRES(mutex_);
    void accept_one() STOCKROOM_REQUIRES(mutex_);
    void close_all() STOCKROOM_REQUIRES(mutex_);
    void wake();

    const Address target_;
    int listener_ = -1;
    int wake_ = -1;
    std::uint16_t port_ = 0;
    base::mutex mutex_;
    Mode mode_ STOCKROOM_GUARDED_BY(mutex_) = Mode::pass;
    bool is_stopping_ STOCKROOM_GUARDED_BY(mutex_) = false;
    std::map<int, int> other_ STOCKROOM_GUARDED_BY(mutex_);               // both ways
    std::map<int, std::size_t> heartbeats_ STOCKROOM_GUARDED_BY(mutex_);  // by the client's socket
    std::size_t connections_ STOCKROOM_GUARDED_BY(mutex_) = 0;
    std::thread thread_;
};

}  // namespace stockroom::conformance
