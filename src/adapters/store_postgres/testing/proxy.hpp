#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace stockroom::store_postgres {

/// Stands between a client and a PostgreSQL server on TCP, and can stop forwarding while all
/// connections stand, as when the server's process is stopped or its network is gone.
class Proxy {
  public:
    /// REQUIRES: the URL names a host by its IPv4 address, and a port.
    explicit Proxy(const std::string& server_url);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    /// The same URL through this.
    [[nodiscard]] std::string url(const std::string& server_url) const;
    /// Nothing more is forwarded, not even that a side has gone; new connections are taken.
    void stall() { stalled_ = true; }
    void go_on();

  private:
    struct Pair {
        int client;
        int server;
    };
    void run();
    void wake() const;
    void accept_one();
    [[nodiscard]] static bool forward(int from, int to);

    std::string server_host_;
    std::uint16_t server_port_ = 0;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    int wake_[2] = {-1, -1};
    std::atomic<bool> stalled_ = false;  // read by the thread before each round
    std::atomic<bool> ended_ = false;
    std::vector<Pair> pairs_;  // the thread's own
    std::thread thread_;
};

}  // namespace stockroom::store_postgres
