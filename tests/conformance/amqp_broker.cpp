#include "amqp_broker.hpp"

#include <cstdlib>
#include <stdexcept>

#include <boost/url.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stockroom/base/uuid.hpp"
#include "stockroom/contract/json.hpp"

#include "box.hpp"

namespace stockroom::conformance {

namespace {

using contract::JsonValue;

const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

boost::urls::url amqp_url() {
    return boost::urls::url(environment("STOCKROOM_TEST_AMQP_URL"));
}

std::string base64(std::string_view text) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = i; j < i + 3; ++j)
            bits = bits << 8U | (j < text.size() ? static_cast<unsigned char>(text[j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            encoded += i + j > text.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63U];
    }
    return encoded;
}

int connect_to(const Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found) != 0) return -1;
    const int socket = ::socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int connected = connect(socket, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (connected == 0) return socket;
    close(socket);
    return -1;
}

/// One request to the management API; its answer's body.
std::string manage(std::string_view method, std::string_view path, std::string_view body = {}) {
    const boost::urls::url url(environment("STOCKROOM_TEST_MANAGEMENT_URL"));
    const std::string credentials = url.user() + ":" + url.password();
    const std::string request = fmt::format(
        "{} /api/{} HTTP/1.0\r\nAuthorization: Basic {}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        method, path, base64(credentials), body.size(), body);
    const int socket = connect_to({url.host(), url.port()});
    std::string answer;
    if (socket >= 0 && send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
        char part[4096];
        for (ssize_t size = 0; (size = recv(socket, part, sizeof part, 0)) > 0;)
            answer.append(part, static_cast<std::size_t>(size));
    }
    if (socket >= 0) close(socket);
    const auto space = answer.find(' ');
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos || answer[space + 1] != '2')
        throw std::runtime_error(fmt::format("{} {}: {}", method, path, answer.substr(0, 400)));
    return answer.substr(end + 4);
}

std::string text_of(const JsonValue* value) {
    const auto* text = value == nullptr ? nullptr : value->as<std::string>();
    return text == nullptr ? "" : *text;
}

std::string text_in(const JsonValue* object, std::string_view name) {
    return text_of(object == nullptr ? nullptr : object->find(name));
}

}  // namespace

Address broker_address() {
    const auto url = amqp_url();
    return {.host = url.host(), .port = url.has_port() ? std::string(url.port()) : "5672"};
}

void declare_topology(ports::Bus& bus) {
    const auto consumer = bus.make_consumer("stockroom.orders");
    const auto deadline = patience();
    while (!bus.trouble().empty() && std::chrono::steady_clock::now() < deadline)
        (void)consumer->take(1, base::in(std::chrono::milliseconds(5)));
    EXPECT_EQ(bus.trouble(), "");
}

std::string VirtualHost::why_not() {
    for (const auto* name : {"STOCKROOM_TEST_AMQP_URL", "STOCKROOM_TEST_MANAGEMENT_URL"}) {
        if (*environment(name) == '\0')
            return fmt::format("{} is not set: NOT TESTED against RabbitMQ", name);
    }
    return {};
}

VirtualHost::VirtualHost() : name_("test-" + base::Uuid::make_v7(base::Time::now()).to_string()) {
    manage("PUT", "vhosts/" + name_);
    manage("PUT", fmt::format("permissions/{}/{}", name_, amqp_url().user()),
           R"({"configure":".*","write":".*","read":".*"})");
}

VirtualHost::~VirtualHost() {
    try {
        manage("DELETE", "vhosts/" + name_);
    } catch (const std::runtime_error&) {
        // The broker, too, is gone after the tests.
    }
}

std::string VirtualHost::url(std::string_view host_and_port) const {
    auto url = amqp_url();
    if (!host_and_port.empty())
        url.set_encoded_authority(
            fmt::format("{}@{}", std::string_view(url.encoded_userinfo()), host_and_port));
    url.set_path("/" + name_);
    return std::string(url.buffer());
}

auto VirtualHost::peek(std::string_view queue) const -> std::vector<Message> {
    const auto answer = contract::read_json(
        manage("POST", fmt::format("queues/{}/{}/get", name_, queue),
               R"({"count":10000,"ackmode":"ack_requeue_true","encoding":"auto"})"));
    if (!answer) throw std::runtime_error(answer.error().detail);
    std::vector<Message> messages;
    for (const auto& message : *answer->as<JsonValue::Array>()) {
        const JsonValue* properties = message.find("properties");
        const JsonValue* headers = properties == nullptr ? nullptr : properties->find("headers");
        const JsonValue* mode = properties == nullptr ? nullptr : properties->find("delivery_mode");
        const auto* number = mode == nullptr ? nullptr : mode->as<JsonValue::Number>();
        messages.push_back({.bytes = text_of(message.find("payload")),
                            .reason = text_in(headers, "x-reason"),
                            .routing_key = text_of(message.find("routing_key")),
                            .content_type = text_in(properties, "content_type"),
                            .message_id = text_in(properties, "message_id"),
                            .persistent = number != nullptr && number->text == "2"});
    }
    return messages;
}

void VirtualHost::delete_queue(std::string_view queue) const {
    manage("DELETE", fmt::format("queues/{}/{}", name_, queue));
}

void VirtualHost::make_queue(std::string_view queue, std::string_view exchange,
                             std::string_view arguments) const {
    manage("PUT", fmt::format("queues/{}/{}", name_, queue),
           fmt::format(R"({{"durable":true,"arguments":{}}})", arguments));
    manage("POST", fmt::format("bindings/{}/e/{}/q/{}", name_, exchange, queue),
           R"({"routing_key":"#"})");
}

void VirtualHost::publish(std::string_view queue, std::string_view text, std::string_view reply_to,
                          std::string_view correlation_id) const {
    std::string body;
    contract::JsonWriter json(body);
    json.begin_object();
    json.name("properties");
    json.begin_object();
    json.field("reply_to", reply_to);
    if (!correlation_id.empty()) json.field("correlation_id", correlation_id);
    json.end_object();
    json.field("routing_key", queue);
    json.field("payload", text);
    json.field("payload_encoding", "string");
    json.end_object();
    const auto answer =
        manage("POST", fmt::format("exchanges/{}/stockroom.commands/publish", name_), body);
    if (answer != R"({"routed":true})") throw std::runtime_error(answer);
}

}  // namespace stockroom::conformance
