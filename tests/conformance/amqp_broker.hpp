#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stockroom/ports/bus.hpp"

namespace stockroom::conformance {

/// A virtual host of its own on the broker that tests are given (cmake/TestServers.cmake); gone
/// with this object.
class VirtualHost {
  public:
    /// Whether there is a broker; else why the tests that need one fail.
    [[nodiscard]] static std::string why_not();

    VirtualHost();
    ~VirtualHost();
    VirtualHost(const VirtualHost&) = delete;
    VirtualHost& operator=(const VirtualHost&) = delete;

    /// amqp://…, for a bus; through another host and port when they are given.
    [[nodiscard]] std::string url(std::string_view host_and_port = {}) const;
    [[nodiscard]] const std::string& name() const { return name_; }

    struct Message {
        std::string bytes;
        std::string reason;  // header x-reason
        std::string routing_key;
        std::string content_type;
        std::string message_id;
        bool persistent = false;
    };
    /// All that a queue holds, oldest first; they stay there.
    [[nodiscard]] std::vector<Message> peek(std::string_view queue) const;
    void delete_queue(std::string_view queue) const;
    /// A durable queue that gets all that an exchange gets. `arguments`: its own, a JSON object.
    void make_queue(std::string_view queue, std::string_view exchange,
                    std::string_view arguments = "{}") const;
    /// As somebody else may publish a command.
    void publish(std::string_view queue, std::string_view text, std::string_view reply_to,
                 std::string_view correlation_id = {}) const;

  private:
    std::string name_;
};

/// Waits until a bus has declared its topology: that takes its time in a new virtual host.
void declare_topology(ports::Bus& bus);

/// Where the broker listens, "127.0.0.1:5672".
struct Address {
    std::string host;
    std::string port;
};
[[nodiscard]] Address broker_address();

}  // namespace stockroom::conformance
