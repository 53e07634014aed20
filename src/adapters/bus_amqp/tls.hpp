#pragma once

#include <string>

struct amqp_socket_t_;

namespace stockroom::bus_amqp {

/// Makes a TLS socket that is not open yet refuse a broker whose certificate is not valid, not of
/// its host name, or not signed by one of the given authorities; and TLS before 1.2.
void demand_certificate(amqp_socket_t_* socket);

/// What was wrong with the certificate of the broker that was last connected to on this thread, for
/// people; empty: nothing, but perhaps it is of another host name.
[[nodiscard]] std::string certificate_trouble();

}  // namespace stockroom::bus_amqp
