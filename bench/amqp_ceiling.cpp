// RabbitMQ's ceiling for commands: a bare program that publishes messages of as many commands as
// the gateway's had to a durable quorum queue, confirmed, and consumes and acks them on another
// connection. It has as many in flight as the clients had requests; nothing is decoded.

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;

constexpr amqp_channel_t kChannel = 1;
constexpr std::size_t kCommandBytes = 230;  // a place_order of one line
constexpr std::uint16_t kAckEvery = 16;

struct CloseConnection {
    void operator()(amqp_connection_state_t connection) const {
        amqp_destroy_connection(connection);
    }
};
using Connection = std::unique_ptr<amqp_connection_state_t_, CloseConnection>;

void expect(bool worked, const char* what) {
    if (!worked) throw std::runtime_error(what);
}

void expect_reply(const Connection& connection, const char* what) {
    expect(amqp_get_rpc_reply(connection.get()).reply_type == AMQP_RESPONSE_NORMAL, what);
}

amqp_bytes_t bytes_of(const std::string& text) {
    return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

Connection connect(std::string url) {
    amqp_connection_info where{};
    amqp_default_connection_info(&where);
    expect(amqp_parse_url(url.data(), &where) == AMQP_STATUS_OK, "the URL cannot be read");
    Connection connection(amqp_new_connection());
    auto* socket = amqp_tcp_socket_new(connection.get());
    expect(socket != nullptr && amqp_socket_open(socket, where.host, where.port) == 0,
           "the broker cannot be reached");
    const auto login = amqp_login(connection.get(), where.vhost, 1, 131072, 0,
                                  AMQP_SASL_METHOD_PLAIN, where.user, where.password);
    expect(login.reply_type == AMQP_RESPONSE_NORMAL, "the broker refuses the login");
    amqp_channel_open(connection.get(), kChannel);
    expect_reply(connection, "no channel");
    return connection;
}

amqp_table_entry_t text(const char* key, const char* value) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_UTF8;
    entry.value.value.bytes = amqp_cstring_bytes(value);
    return entry;
}

amqp_table_entry_t number(const char* key, std::int64_t value) {
    amqp_table_entry_t entry{};
    entry.key = amqp_cstring_bytes(key);
    entry.value.kind = AMQP_FIELD_KIND_I64;
    entry.value.value.i64 = value;
    return entry;
}

/// A queue with the arguments of Stockroom's own command queues, which goes when the program does.
void declare(const Connection& connection, const std::string& queue) {
    std::array entries{text("x-queue-type", "quorum"),
                       number("x-delivery-limit", 20),
                       number("x-max-length", 100'000),
                       text("x-overflow", "reject-publish"),
                       text("x-dead-letter-exchange", "stockroom.dead"),
                       text("x-dead-letter-strategy", "at-least-once")};
    const amqp_table_t arguments{.num_entries = static_cast<int>(entries.size()),
                                 .entries = entries.data()};
    amqp_queue_declare(connection.get(), kChannel, bytes_of(queue), 0, 1, 0, 0, arguments);
    expect_reply(connection, "the queue cannot be declared");
}

/// Acks every delivery until it is told to stop.
void consume(const std::string& url, const std::string& queue, const std::stop_token& stop) {
    const auto connection = connect(url);
    amqp_basic_qos(connection.get(), kChannel, 0, 256, 0);
    amqp_basic_consume(connection.get(), kChannel, bytes_of(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    expect_reply(connection, "the queue cannot be consumed");
    std::uint64_t last = 0;
    std::uint64_t acked = 0;
    while (!stop.stop_requested()) {
        amqp_envelope_t envelope{};
        timeval patience{.tv_sec = 0, .tv_usec = last == acked ? 20'000 : 0};
        amqp_maybe_release_buffers(connection.get());
        const auto reply = amqp_consume_message(connection.get(), &envelope, &patience, 0);
        if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
            last = envelope.delivery_tag;
            amqp_destroy_envelope(&envelope);
            if (last - acked < kAckEvery) continue;
        } else {
            expect(reply.library_error == AMQP_STATUS_TIMEOUT, "the consumer's connection broke");
        }
        if (last == acked) continue;
        amqp_basic_ack(connection.get(), kChannel, last, 1);
        acked = last;
    }
}

/// Takes what the frame confirms out of the unconfirmed tags.
void confirm(const amqp_frame_t& frame, std::set<std::uint64_t>& unconfirmed) {
    expect(
        frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD,
        "the broker did not take a message");
    const auto* ack = static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
    const auto last = unconfirmed.upper_bound(ack->delivery_tag);
    unconfirmed.erase(ack->multiple != 0 ? unconfirmed.begin() : std::prev(last), last);
}

struct Published {
    std::uint64_t messages = 0;
    double seconds = 0;
};

Published publish(const Connection& connection, const std::string& queue, std::size_t commands,
                  std::uint64_t window, double seconds) {
    amqp_confirm_select(connection.get(), kChannel);
    expect_reply(connection, "the broker does not confirm");
    const std::string body(commands * kCommandBytes, 'x');
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;

    const auto start = Clock::now();
    std::uint64_t sent = 0;
    std::set<std::uint64_t> unconfirmed;  // tags
    Published result;
    while (result.seconds < seconds) {
        while (unconfirmed.size() < window) {
            expect(amqp_basic_publish(connection.get(), kChannel, amqp_empty_bytes, bytes_of(queue),
                                      1, 0, &properties, bytes_of(body)) == 0,
                   "publishing failed");
            unconfirmed.insert(++sent);
        }
        amqp_frame_t frame{};
        amqp_maybe_release_buffers(connection.get());
        expect(amqp_simple_wait_frame(connection.get(), &frame) == 0, "no confirm came");
        confirm(frame, unconfirmed);
        result = {.messages = sent - unconfirmed.size(),
                  .seconds = std::chrono::duration<double>(Clock::now() - start).count()};
    }
    return result;
}

void run(const std::string& url, std::size_t commands, std::uint64_t window, double seconds) {
    const std::string queue =
        fmt::format("bench.ceiling.{}", Clock::now().time_since_epoch().count());
    const auto connection = connect(url);
    declare(connection, queue);
    std::jthread consumer([&](const std::stop_token& stop) { consume(url, queue, stop); });
    const auto published = publish(connection, queue, commands, window, seconds);
    consumer.request_stop();
    consumer.join();
    amqp_queue_delete(connection.get(), kChannel, bytes_of(queue), 0, 0);
    const double messages = static_cast<double>(published.messages) / published.seconds;
    fmt::print("{{\"messages_per_second\":{:.1f},\"per_second\":{:.1f}}}\n", messages,
               messages * static_cast<double>(commands));
}

}  // namespace

/// amqp_ceiling URL COMMANDS_A_MESSAGE MESSAGES_IN_FLIGHT SECONDS
int main(int argc, char** argv) {
    if (argc != 5) {
        fmt::print(stderr,
                   "usage: amqp_ceiling URL COMMANDS_A_MESSAGE MESSAGES_IN_FLIGHT SECONDS\n");
        return 2;
    }
    try {
        run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10),
            std::strtod(argv[4], nullptr));
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "amqp_ceiling: {}\n", error.what());
        return 1;
    }
}
