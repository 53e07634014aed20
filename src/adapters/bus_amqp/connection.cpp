#include "connection.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.hpp"
#include "content.hpp"
#include "tls.hpp"

namespace stockroom::bus_amqp {

namespace {

using std::chrono::milliseconds;

/// A broker that is there answers a connect at once.
constexpr milliseconds kConnectMax{1'500};
constexpr milliseconds kGoodbyeMax{1'000};
constexpr milliseconds kTick{1'000};

timeval to_timeval(milliseconds span) {
    return {.tv_sec = span.count() / 1'000, .tv_usec = span.count() % 1'000 * 1'000};
}

amqp_table_entry_t truth(const char* name) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(name);
    entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
    entry.value.value.boolean = 1;
    return entry;
}

/// 403 and 530 (AMQP 0-9-1, "Constants"): the broker is there, and will not have us.
std::string describe_login(const amqp_rpc_reply_t& reply) {
    // It depends on the moment which of the two a broker that hangs up is.
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
        (reply.library_error == AMQP_STATUS_SOCKET_ERROR ||
         reply.library_error == AMQP_STATUS_CONNECTION_CLOSED))
        return "connection closed unexpectedly";
    const std::string reason = describe(reply);
    if (reason.starts_with("403"))
        return "refused: " + reason + ": check the user and the password of the bus's URL";
    if (reason.starts_with("530"))
        return "refused: " + reason + ": check the virtual host of the bus's URL";
    return reason;
}

/// What the system says of a connection that librabbitmq could not make; empty: nothing.
std::string ask_system(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found) !=
        0)
        return {};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
    int error = 0;
    for (const addrinfo* one = found; one != nullptr && error == 0; one = one->ai_next) {
        const int made = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (made < 0) continue;
        if (::connect(made, one->ai_addr, one->ai_addrlen) != 0) error = errno;
        if (error == EINPROGRESS) {
            error = 0;
            pollfd descriptor{.fd = made, .events = POLLOUT, .revents = 0};
            socklen_t size = sizeof error;
            if (poll(&descriptor, 1, static_cast<int>(kConnectMax.count())) > 0)
                (void)getsockopt(made, SOL_SOCKET, SO_ERROR, &error, &size);
        }
        ::close(made);
    }
    if (error == 0) return {};
    std::string reason = std::generic_category().message(error);
    reason.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(reason.front())));
    return reason;
}

}  // namespace

Connection::Connection(std::string_view service, Watch& watch)
    : state_(amqp_new_connection()),
      watch_(watch),
      service_(service),
      contents_(std::make_unique<std::array<Content, kChannelMax + 1>>()) {}

Expected<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint,
                                                       std::string_view service,
                                                       std::string_view purpose,
                                                       std::chrono::seconds heartbeat,
                                                       Watch& watch) {
    std::unique_ptr<Connection> connection(new Connection(service, watch));
    if (connection->state_ == nullptr)
        return std::unexpected(connection->fail("connecting", "out of memory"));
    auto ready = connection->connect(endpoint);
    if (ready) ready = connection->log_in(endpoint, purpose, heartbeat);
    if (!ready) return std::unexpected(std::move(ready.error()));
    return connection;
}

Connection::~Connection() {
    if (state_ == nullptr) return;
    if (!failed_) {
        const auto timeout = to_timeval(kGoodbyeMax);
        amqp_set_rpc_timeout(state_, &timeout);
        const Watch::Call call(watch_, kGoodbyeMax);
        (void)amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
    }
    watch_.detach();
    (void)amqp_destroy_connection(state_);
}

Expected<void> Connection::connect(const Endpoint& endpoint) {
    amqp_socket_t* socket = nullptr;
    if (endpoint.tls) {
        socket = amqp_ssl_socket_new(state_);
        if (socket == nullptr) return std::unexpected(fail("connecting", "TLS cannot be set up"));
        demand_certificate(socket);
        if (amqp_ssl_socket_set_cacert(socket, endpoint.ca_file.c_str()) != AMQP_STATUS_OK)
            return std::unexpected(
                fail("connecting", fmt::format("{} is no file of certificates", endpoint.ca_file)));
    } else {
        socket = amqp_tcp_socket_new(state_);
        if (socket == nullptr) return std::unexpected(fail("connecting", "out of memory"));
    }
    // No watchdog yet: there is no socket that it could shut down.
    const auto timeout = to_timeval(endpoint.tls ? kCallMax : kConnectMax);
    const int status =
        amqp_socket_open_noblock(socket, endpoint.host.c_str(), endpoint.port, &timeout);
    if (status != AMQP_STATUS_OK) {
        std::string why = amqp_error_string2(status);
        // librabbitmq keeps the system's reason to itself.
        if (status == AMQP_STATUS_SOCKET_ERROR)
            if (auto reason = ask_system(endpoint); !reason.empty()) why = std::move(reason);
        if (!endpoint.tls) why += ": is RabbitMQ running there, and is the bus's URL right?";
        if (endpoint.tls && !certificate_trouble().empty()) why += ": " + certificate_trouble();
        return std::unexpected(
            fail(fmt::format("connecting to {}:{}", endpoint.host, endpoint.port), why));
    }
    watch_.attach(amqp_get_sockfd(state_));
    return {};
}

Expected<void> Connection::log_in(const Endpoint& endpoint, std::string_view purpose,
                                  std::chrono::seconds heartbeat) {
    auto timeout = to_timeval(kCallMax);
    amqp_set_handshake_timeout(state_, &timeout);
    amqp_set_rpc_timeout(state_, &timeout);

    std::array capabilities{truth("connection.blocked"), truth("consumer_cancel_notify"),
                            truth("basic.nack"), truth("publisher_confirms")};
    const std::string name = fmt::format("{} {} ({})", service_, purpose, getpid());
    std::array<amqp_table_entry_t, 2> properties{};
    properties[0].key = amqp_cstring_bytes("capabilities");
    properties[0].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[0].value.value.table = {.num_entries = capabilities.size(),
                                       .entries = capabilities.data()};
    properties[1].key = amqp_cstring_bytes("connection_name");
    properties[1].value.kind = AMQP_FIELD_KIND_UTF8;
    properties[1].value.value.bytes = to_bytes(name);
    const amqp_table_t table{.num_entries = properties.size(), .entries = properties.data()};
    {
        const Watch::Call call(watch_, kCallMax);
        const auto reply = amqp_login_with_properties(
            state_, endpoint.vhost.c_str(), kChannelMax, AMQP_DEFAULT_FRAME_SIZE,
            static_cast<int>(heartbeat.count()), &table, AMQP_SASL_METHOD_PLAIN,
            endpoint.user.c_str(), endpoint.password.c_str());
        if (reply.reply_type != AMQP_RESPONSE_NORMAL)
            return std::unexpected(fail("logging in", describe_login(reply)));
    }
    failed_ = false;
    for (Channel channel = 1; channel <= kChannelMax; ++channel) {
        const Watch::Call call(watch_, kCallMax);
        (void)amqp_channel_open(state_, channel);
        if (auto opened = check_answer("opening a channel"); !opened) return opened;
    }
    return {};
}

ports::Error Connection::fail(std::string_view doing, std::string_view why) {
    failed_ = true;
    return {ports::ErrorKind::retryable, fmt::format("rabbitmq: {} ({})", why, doing)};
}

Expected<void> Connection::check_answer(std::string_view doing) {
    const auto reply = amqp_get_rpc_reply(state_);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return {};
    return std::unexpected(fail(doing, describe(reply)));
}

Expected<void> Connection::check_status(int status, std::string_view doing) {
    if (status == AMQP_STATUS_OK) return {};
    return std::unexpected(fail(doing, amqp_error_string2(status)));
}

Expected<void> Connection::select_confirms(Channel channel) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_confirm_select(state_, channel);
    return check_answer("confirm.select");
}

Expected<void> Connection::declare_exchange(std::string_view name, std::string_view type) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_exchange_declare(state_, 1, to_bytes(name), to_bytes(type),
                                /*passive=*/0, /*durable=*/1, /*auto_delete=*/0, /*internal=*/0,
                                amqp_empty_table);
    return check_answer(fmt::format("declaring the exchange {}", name));
}

Expected<void> Connection::declare_queue(std::string_view name, const QueueArguments& arguments) {
    std::vector<amqp_table_entry_t> entries;
    const auto add_text = [&](const char* key, std::string_view value) {
        amqp_table_entry_t entry{};
        entry.key = amqp_cstring_bytes(key);
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = to_bytes(value);
        entries.push_back(entry);
    };
    const auto add_number = [&](const char* key, std::int64_t value) {
        amqp_table_entry_t entry{};
        entry.key = amqp_cstring_bytes(key);
        entry.value.kind = AMQP_FIELD_KIND_I64;
        entry.value.value.i64 = value;
        entries.push_back(entry);
    };
    add_text("x-queue-type", "quorum");
    if (arguments.delivery_limit > 0) add_number("x-delivery-limit", arguments.delivery_limit);
    if (arguments.messages_max > 0) add_number("x-max-length", arguments.messages_max);
    // At-least-once dead lettering needs it, too.
    if (arguments.messages_max > 0 || !arguments.dead_exchange.empty())
        add_text("x-overflow", "reject-publish");
    if (!arguments.dead_exchange.empty()) {
        add_text("x-dead-letter-exchange", arguments.dead_exchange);
        add_text("x-dead-letter-strategy", "at-least-once");
    }
    const amqp_table_t table{.num_entries = static_cast<int>(entries.size()),
                             .entries = entries.data()};
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_queue_declare(state_, 1, to_bytes(name), /*passive=*/0, /*durable=*/1,
                             /*exclusive=*/0, /*auto_delete=*/0, table);
    return check_answer(fmt::format("declaring the queue {}", name));
}

Expected<void> Connection::declare_classic_queue(std::string_view name) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_queue_declare(state_, 1, to_bytes(name), /*passive=*/0, /*durable=*/1,
                             /*exclusive=*/0, /*auto_delete=*/0, amqp_empty_table);
    return check_answer(fmt::format("declaring the queue {}", name));
}

Expected<std::string> Connection::declare_own_queue(std::int64_t messages_max,
                                                    std::chrono::milliseconds age_max) {
    std::array<amqp_table_entry_t, 2> limits{};
    limits[0].key = amqp_cstring_bytes("x-max-length");
    limits[0].value.kind = AMQP_FIELD_KIND_I64;
    limits[0].value.value.i64 = messages_max;
    limits[1].key = amqp_cstring_bytes("x-message-ttl");
    limits[1].value.kind = AMQP_FIELD_KIND_I64;
    limits[1].value.value.i64 = age_max.count();
    const Watch::Call call(watch_, kCallMax);
    const auto* declared = amqp_queue_declare(
        state_, 1, amqp_empty_bytes, /*passive=*/0, /*durable=*/0,
        /*exclusive=*/1, /*auto_delete=*/1,
        {.num_entries = static_cast<int>(limits.size()), .entries = limits.data()});
    if (auto checked = check_answer("declaring a queue"); !checked)
        return std::unexpected(std::move(checked.error()));
    return to_string(declared->queue);
}

Expected<void> Connection::bind(std::string_view queue, std::string_view exchange,
                                std::string_view routing_key) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_queue_bind(state_, 1, to_bytes(queue), to_bytes(exchange), to_bytes(routing_key),
                          amqp_empty_table);
    return check_answer(fmt::format("binding {} to {}", queue, exchange));
}

Expected<void> Connection::consume(Channel channel, std::string_view queue,
                                   std::string_view consumer, Acks acks, std::uint16_t prefetch) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_basic_qos(state_, channel, 0, prefetch, /*global=*/0);
    if (auto limited = check_answer("basic.qos"); !limited) return limited;
    (void)amqp_basic_consume(state_, channel, to_bytes(queue), to_bytes(consumer), /*no_local=*/0,
                             acks == Acks::none ? 1 : 0, /*exclusive=*/0, amqp_empty_table);
    return check_answer(fmt::format("consuming {}", queue));
}

Expected<void> Connection::cancel(Channel channel, std::string_view consumer) {
    const Watch::Call call(watch_, kCallMax);
    (void)amqp_basic_cancel(state_, channel, to_bytes(consumer));
    return check_answer("basic.cancel");
}

Expected<void> Connection::ack(Channel channel, std::uint64_t tag, bool multiple) {
    const Watch::Call call(watch_, kCallMax);
    return check_status(amqp_basic_ack(state_, channel, tag, multiple ? 1 : 0), "basic.ack");
}

Expected<void> Connection::give_back(Channel channel, std::uint64_t tag, bool multiple) {
    const Watch::Call call(watch_, kCallMax);
    return check_status(amqp_basic_nack(state_, channel, tag, multiple ? 1 : 0, /*requeue=*/1),
                        "basic.nack");
}

bool Connection::has_buffered() const {
    return amqp_frames_enqueued(state_) != 0 || amqp_data_in_buffer(state_) != 0;
}

int Connection::socket() const {
    return amqp_get_sockfd(state_);
}

bool Connection::writable() {
    pollfd descriptor{.fd = socket(), .events = POLLOUT, .revents = 0};
    // An error is found by whoever writes.
    waits_for_room_ = poll(&descriptor, 1, 0) <= 0;
    return !waits_for_room_;
}

short Connection::awaited_events() {
    return std::exchange(waits_for_room_, false) ? POLLIN | POLLOUT : POLLIN;
}

void wait_for(std::span<Connection* const> connections, Wakeup& wakeup, base::Deadline deadline) {
    std::vector<pollfd> descriptors{{.fd = wakeup.fd(), .events = POLLIN, .revents = 0}};
    for (Connection* connection : connections) {
        if (connection->has_buffered()) return wakeup.clear();
        descriptors.push_back(
            {.fd = connection->socket(), .events = connection->awaited_events(), .revents = 0});
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    (void)poll(descriptors.data(), descriptors.size(),
               static_cast<int>(std::clamp(left, milliseconds{0}, kTick).count()));
    wakeup.clear();
}

}  // namespace stockroom::bus_amqp
