#include <algorithm>
#include <array>
#include <charconv>
#include <random>
#include <utility>

#include <amqp.h>
#include <fmt/format.h>

#include "bytes.hpp"
#include "connection.hpp"
#include "content.hpp"
#include "topology.hpp"

namespace stockroom::bus_amqp {

namespace {

constexpr std::string_view kDeliveryCount = "x-delivery-count";
constexpr std::size_t kShortStringMax = 255;  // AMQP 0-9-1, 4.2.5.3
constexpr std::size_t kHeadersMax = 9;
/// A broker that takes a long message more slowly is stuck.
constexpr std::size_t kBytesPerMillisecondMin = 4'096;
/// So many frames are worked off before others have their turn.
constexpr int kFramesMax = 1'000;

std::int64_t to_integer(const amqp_field_value_t& value) {
    switch (value.kind) {
        case AMQP_FIELD_KIND_I8:
            return value.value.i8;
        case AMQP_FIELD_KIND_U8:
            return value.value.u8;
        case AMQP_FIELD_KIND_I16:
            return value.value.i16;
        case AMQP_FIELD_KIND_U16:
            return value.value.u16;
        case AMQP_FIELD_KIND_I32:
            return value.value.i32;
        case AMQP_FIELD_KIND_U32:
            return value.value.u32;
        case AMQP_FIELD_KIND_I64:
            return value.value.i64;
        default:  // the wire may hold any letter
            return 0;
    }
}

std::string_view to_text(const amqp_field_value_t& value) {
    const bool is_text = value.kind == AMQP_FIELD_KIND_UTF8 || value.kind == AMQP_FIELD_KIND_BYTES;
    return is_text ? to_view(value.value.bytes) : std::string_view();
}

std::uint32_t to_count(std::int64_t number) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, UINT32_MAX));
}

void read_header(std::string_view name, const amqp_field_value_t& value, Incoming& message) {
    ports::Death& death = message.death;
    if (name == kDeliveryCount) {
        message.earlier_deliveries = to_count(to_integer(value));
    } else if (name == kReasonHeader) {
        death.reason = to_text(value);
    } else if (name == kQueueHeader) {
        death.queue = to_text(value);
    } else if (name == kRedeliveriesHeader) {
        std::uint32_t count = 0;
        const auto text = to_text(value);
        (void)std::from_chars(text.data(), text.data() + text.size(), count);
        death.redeliveries = count;
    }
}

/// The broker's own dead letters (rabbitmq.com, "Dead Letter Exchanges"): more to be trusted than
/// what a publisher may have written.
void read_broker_death(const amqp_table_t& headers, ports::Death& death) {
    const auto find = [&headers](std::string_view name) {
        for (int i = 0; i < headers.num_entries; ++i)
            if (to_view(headers.entries[i].key) == name) return to_text(headers.entries[i].value);
        return std::string_view();
    };
    const auto reason = find("x-first-death-reason");
    if (reason.empty()) return;
    const bool is_limit = reason == "delivery_limit";
    death = {.queue = std::string(find("x-first-death-queue")),
             .reason = is_limit
                           ? "given out again and again, and never done: its service ends each time"
                           : fmt::format("set aside by RabbitMQ: {}", reason),
             .redeliveries = is_limit ? kDeliveryLimit : 0};
}

/// Quorum queues count in a header; from others there is only the flag.
void read_headers(const amqp_basic_properties_t& properties, bool redelivered, Incoming& message) {
    message.earlier_deliveries = redelivered ? 1 : 0;
    if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return;
    for (int i = 0; i < properties.headers.num_entries; ++i) {
        const auto& entry = properties.headers.entries[i];
        read_header(to_view(entry.key), entry.value, message);
    }
    read_broker_death(properties.headers, message.death);
}

/// "00-" trace id "-" parent id "-01", from W3C Trace Context.
std::string make_traceparent() {
    thread_local std::mt19937_64 random(std::random_device{}());
    return fmt::format("00-{:016x}{:016x}-{:016x}-01", random(), random(), random() | 1U);
}

}  // namespace

std::string describe_close(const amqp_method_t& method) {
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
        return fmt::format("{} {}", close->reply_code, to_view(close->reply_text));
    }
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
        const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
        return fmt::format("{} {}", close->reply_code, to_view(close->reply_text));
    }
    return fmt::format("the broker answered with method {:#x}", method.id);
}

std::string describe(const amqp_rpc_reply_t& reply) {
    switch (reply.reply_type) {
        case AMQP_RESPONSE_LIBRARY_EXCEPTION:
            return amqp_error_string2(reply.library_error);
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            return describe_close(reply.reply);
        case AMQP_RESPONSE_NORMAL:
        case AMQP_RESPONSE_NONE:
            break;
    }
    return "no answer";
}

Expected<std::uint64_t> Connection::publish(Channel channel, const Outgoing& message) {
    for (const auto text :
         {message.exchange, message.routing_key, message.content_type, message.message_id,
          message.reply_to, message.correlation_id, message.type}) {
        // librabbitmq would send it, and the broker would close the connection.
        if (text.size() > kShortStringMax) {
            return std::unexpected(ports::Error{
                ports::ErrorKind::permanent,
                fmt::format("rabbitmq: {} bytes are too long for a short string", text.size())});
        }
    }
    const std::string traceparent = make_traceparent();
    std::array<amqp_table_entry_t, kHeadersMax> headers{};
    int headers_count = 0;
    const auto add_header = [&](std::string_view name, std::string_view value) {
        auto& entry = headers.at(static_cast<std::size_t>(headers_count++));
        entry.key = to_bytes(name);
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = to_bytes(value);
    };
    add_header("traceparent", traceparent);
    for (const Header& header : message.headers)
        add_header(header.name, header.value);

    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG |
                        AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_TIMESTAMP_FLAG |
                        AMQP_BASIC_APP_ID_FLAG;
    properties.content_type = to_bytes(message.content_type);
    properties.headers = {.num_entries = headers_count, .entries = headers.data()};
    properties.delivery_mode =
        message.persistent ? AMQP_DELIVERY_PERSISTENT : AMQP_DELIVERY_NONPERSISTENT;
    properties.timestamp = static_cast<std::uint64_t>(base::Time::now().microseconds() / 1'000'000);
    properties.app_id = to_bytes(std::string_view(service_).substr(0, kShortStringMax));
    const auto add = [&](std::string_view text, amqp_flags_t flag, amqp_bytes_t& property) {
        if (text.empty()) return;
        properties._flags |= flag;
        property = to_bytes(text);
    };
    add(message.message_id, AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id);
    add(message.reply_to, AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to);
    add(message.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id);
    add(message.type, AMQP_BASIC_TYPE_FLAG, properties.type);
    const std::string expiration =
        message.expiration.count() > 0 ? std::to_string(message.expiration.count()) : "";
    add(expiration, AMQP_BASIC_EXPIRATION_FLAG, properties.expiration);

    const Watch::Call call(watch_, kCallMax + std::chrono::milliseconds(message.bytes.size() /
                                                                        kBytesPerMillisecondMin));
    const int status = amqp_basic_publish(state_, channel, to_bytes(message.exchange),
                                          to_bytes(message.routing_key), message.mandatory ? 1 : 0,
                                          /*immediate=*/0, &properties, to_bytes(message.bytes));
    if (auto sent = check_status(status, "basic.publish"); !sent)
        return std::unexpected(std::move(sent.error()));
    return ++published_.at(channel);
}

Expected<void> Connection::pump(Receiver& receiver) {
    for (int frames = 0; frames < kFramesMax; ++frames) {
        amqp_frame_t frame{};
        const int status = next_frame(frame);
        if (status == AMQP_STATUS_TIMEOUT) break;
        if (auto checked = check_status(status, "waiting for frames"); !checked) return checked;
        if (auto handled = on_frame(frame, receiver); !handled) return handled;
        amqp_maybe_release_buffers_on_channel(state_, frame.channel);
    }
    return {};
}

int Connection::next_frame(amqp_frame_t& frame) {
    const timeval no_wait{};
    const Watch::Call call(watch_, kCallMax);
    return amqp_simple_wait_frame_noblock(state_, &frame, &no_wait);
}

Expected<void> Connection::on_frame(const amqp_frame_t& frame, Receiver& receiver) {
    if (frame.channel > kChannelMax) return {};
    Content& content = (*contents_)[frame.channel];
    switch (frame.frame_type) {
        case AMQP_FRAME_METHOD:
            return on_method(frame, receiver);
        case AMQP_FRAME_HEADER:
            if (content.kind == Content::Kind::none) return {};
            on_header(frame, content);
            break;
        case AMQP_FRAME_BODY:
            if (!content.has_header) return {};
            content.message.bytes += to_view(frame.payload.body_fragment);
            break;
        default:  // a heartbeat
            return {};
    }
    if (content.message.bytes.size() >= content.size) finish(frame.channel, content, receiver);
    return {};
}

Expected<void> Connection::on_method(const amqp_frame_t& frame, Receiver& receiver) {
    const amqp_method_t& method = frame.payload.method;
    Content& content = (*contents_)[frame.channel];
    switch (method.id) {
        case AMQP_BASIC_DELIVER_METHOD: {
            const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
            content.begin(Content::Kind::delivery, deliver->exchange, deliver->routing_key);
            content.message.tag = deliver->delivery_tag;
            content.redelivered = deliver->redelivered != 0;
            return {};
        }
        case AMQP_BASIC_RETURN_METHOD: {
            const auto* returned = static_cast<const amqp_basic_return_t*>(method.decoded);
            content.begin(Content::Kind::returned, returned->exchange, returned->routing_key);
            content.reason =
                fmt::format("{} {}", returned->reply_code, to_view(returned->reply_text));
            return {};
        }
        case AMQP_BASIC_ACK_METHOD: {
            const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
            receiver.on_confirm(ack->delivery_tag, ack->multiple != 0, true);
            return {};
        }
        case AMQP_BASIC_NACK_METHOD: {
            const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
            receiver.on_confirm(nack->delivery_tag, nack->multiple != 0, false);
            return {};
        }
        case AMQP_CONNECTION_BLOCKED_METHOD: {
            const auto* blocked = static_cast<const amqp_connection_blocked_t*>(method.decoded);
            blocked_ = fmt::format("rabbitmq: takes nothing: {}: make room for it",
                                   to_view(blocked->reason));
            return {};
        }
        case AMQP_CONNECTION_UNBLOCKED_METHOD:
            blocked_.clear();
            return {};
        case AMQP_BASIC_CANCEL_METHOD:
            return std::unexpected(fail("consuming", "the queue is gone"));
        case AMQP_CHANNEL_CLOSE_METHOD:
        case AMQP_CONNECTION_CLOSE_METHOD:
            return std::unexpected(fail("closed by the broker", describe_close(method)));
        default:  // nothing that was asked for
            return {};
    }
}

void Connection::on_header(const amqp_frame_t& frame, Content& content) {
    content.has_header = true;
    content.size = frame.payload.properties.body_size;
    const auto& properties =
        *static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
    Incoming& message = content.message;
    const auto copy = [&](amqp_flags_t flag, const amqp_bytes_t& property, std::string& text) {
        if ((properties._flags & flag) != 0) text = to_string(property);
    };
    copy(AMQP_BASIC_MESSAGE_ID_FLAG, properties.message_id, message.message_id);
    copy(AMQP_BASIC_REPLY_TO_FLAG, properties.reply_to, message.reply_to);
    copy(AMQP_BASIC_CORRELATION_ID_FLAG, properties.correlation_id, message.correlation_id);
    copy(AMQP_BASIC_TYPE_FLAG, properties.type, message.type);
    read_headers(properties, content.redelivered, message);
}

void Connection::finish(Channel channel, Content& content, Receiver& receiver) {
    Content whole = std::exchange(content, {});
    if (whole.kind == Content::Kind::delivery) {
        receiver.on_message(channel, std::move(whole.message));
    } else {
        receiver.on_return(std::move(whole.message), whole.reason);
    }
}

}  // namespace stockroom::bus_amqp
