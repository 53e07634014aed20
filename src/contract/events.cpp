#include "stockroom/contract/events.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include "stockroom/contract/json.hpp"
#include "stockroom/domain/values.hpp"

namespace stockroom::contract {

namespace {

using boost::json::error_code;
using Text = boost::json::string_view;

constexpr std::string_view kSpecVersion = "1.0";
constexpr std::string_view kSource = "/stockroom";
constexpr std::string_view kDataContentType = "application/json";

void write_event(JsonWriter& json, const CloudEvent& event) {
    const std::string at = event.at.to_string();
    json.begin_object();
    json.field("specversion", kSpecVersion);
    json.field("id", event.type == kHeartbeatType ? at : fmt::to_string(event.position));
    json.field("source", kSource);
    json.field("type", event.type);
    if (!event.key.empty()) json.field("subject", event.key);
    json.field("time", at);
    json.field("sequence", fmt::format("{:019}", event.position));
    if (!event.key.empty()) json.field("stateversion", event.version);
    if (event.command) json.field("command", event.command->to_string());
    if (!event.actor.empty()) json.field("actor", event.actor);
    if (!event.data.empty()) {
        json.field("datacontenttype", kDataContentType);
        json.name("data");
        json.raw(event.data);
    }
    json.end_object();
}

// The attributes of an event that are read, by their place in kNames.
enum class Attribute : std::uint8_t {
    specversion,
    id,
    source,
    type,
    time,
    sequence,
    subject,
    stateversion,
    actor,
    data,
    datacontenttype,
    command,
    unknown,
};
constexpr std::array<std::string_view, 12> kNames{
    "specversion", "id",       "source",          "type",
    "time",        "sequence", "subject",         "stateversion",
    "actor",       "data",     "datacontenttype", "command"};
constexpr std::size_t kRequiredOfHeartbeats = 6;  // the first of them
constexpr std::size_t kRequired = 10;

constexpr std::size_t index_of(Attribute attribute) {
    return static_cast<std::size_t>(attribute);
}

Attribute find_attribute(std::string_view name) {
    std::size_t at = 0;
    while (at < kNames.size() && kNames.at(at) != name)
        ++at;
    return static_cast<Attribute>(at);
}

/// A whole number of at least `min` in digits and nothing else.
std::optional<std::int64_t> read_digits(std::string_view text, std::int64_t min, std::int64_t max) {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end || number < min || number > max)
        return std::nullopt;
    return number;
}

/// Builds the events from the parser's calls, without a tree between: the parser has checked the
/// JSON, so that `data` is written out as it is read.
class EventsReader {
  public:
    static constexpr std::size_t max_array_size = SIZE_MAX;
    static constexpr std::size_t max_object_size = SIZE_MAX;
    static constexpr std::size_t max_string_size = SIZE_MAX;
    static constexpr std::size_t max_key_size = SIZE_MAX;

    [[nodiscard]] std::vector<CloudEvent> take() { return std::move(events_); }
    /// Empty when the text is no JSON.
    [[nodiscard]] const std::string& problem() const { return problem_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }

    bool on_array_begin(error_code& error) {
        if (depth_ == 1) return refuse(error, "must be an object");
        if (depth_ == kInEvent && !is_open()) return refuse_value(error);
        if (in_data()) data_->begin_array();
        ++depth_;
        return true;
    }
    bool on_array_end(std::size_t, error_code&) {
        --depth_;
        if (in_data()) data_->end_array();
        return true;
    }
    bool on_object_begin(error_code& error) {
        if (depth_ == 0) return refuse_whole(error);
        if (depth_ == 1) start_event();
        if (depth_ == kInEvent && !is_open()) return refuse_value(error);
        if (in_data()) data_->begin_object();
        ++depth_;
        return true;
    }
    bool on_object_end(std::size_t, error_code& error) {
        --depth_;
        if (depth_ == 1) return finish_event(error);
        if (in_data()) data_->end_object();
        return true;
    }

    bool on_key_part(Text part, std::size_t, error_code&) { return keep_part(part); }
    bool on_key(Text rest, std::size_t, error_code& error) {
        const std::string_view name = whole(rest);
        if (depth_ == kInEvent) return start_attribute(name, error);
        if (in_data()) data_->name(name);
        return true;
    }
    bool on_string_part(Text part, std::size_t, error_code&) { return keep_part(part); }
    bool on_string(Text rest, std::size_t, error_code& error) {
        const std::string_view text = whole(rest);
        if (depth_ < kInEvent) return refuse_element(error);
        if (in_data()) {
            data_->value(text);
            return true;
        }
        if (depth_ > kInEvent) return true;
        return read_text(text) || refuse_value(error);
    }

    bool on_number_part(Text part, error_code&) { return keep_part(part); }
    bool on_int64(std::int64_t, Text rest, error_code& error) { return on_number(rest, error); }
    bool on_uint64(std::uint64_t, Text rest, error_code& error) { return on_number(rest, error); }
    bool on_double(double, Text rest, error_code& error) { return on_number(rest, error); }

    bool on_bool(bool truth, error_code& error) { return on_word(truth ? "true" : "false", error); }
    bool on_null(error_code& error) { return on_word("null", error); }
    bool on_comment_part(Text, error_code&) { return true; }
    bool on_comment(Text, error_code&) { return true; }

  private:
    static constexpr std::size_t kInEvent = 2;  // array, object

    /// A value that is of any kind: data, and what is not known.
    [[nodiscard]] bool is_open() const {
        return attribute_ == Attribute::data || attribute_ == Attribute::unknown;
    }
    [[nodiscard]] bool in_data() const {
        return depth_ >= kInEvent && attribute_ == Attribute::data;
    }

    // Texts and numbers come in parts where they have escapes.
    bool keep_part(Text part) {
        parts_.append(part.data(), part.size());
        return true;
    }
    std::string_view whole(Text rest) {
        if (parts_.empty()) return {rest.data(), rest.size()};
        parts_.append(rest.data(), rest.size());
        whole_.swap(parts_);
        parts_.clear();
        return whole_;
    }

    bool on_number(Text rest, error_code& error) {
        const std::string_view digits = whole(rest);
        if (depth_ == kInEvent && attribute_ == Attribute::stateversion) {
            const auto version = read_digits(digits, 1, domain::kMaxQuantity);
            if (version) event_.version = *version;
            return version || refuse_value(error);
        }
        return on_word(digits, error);
    }

    /// A number, true, false or null, as it stands.
    bool on_word(std::string_view word, error_code& error) {
        if (depth_ < kInEvent) return refuse_element(error);
        if (in_data()) data_->raw(word);
        return depth_ > kInEvent || is_open() || refuse_value(error);
    }

    void start_event() {
        event_ = {};
        seen_ = {};
        attribute_ = Attribute::unknown;
    }

    bool start_attribute(std::string_view name, error_code& error) {
        attribute_ = find_attribute(name);
        if (attribute_ == Attribute::unknown) return true;
        if (std::exchange(seen_.at(index_of(attribute_)), true))
            return refuse(error, fmt::format("has {} twice", name));
        if (attribute_ == Attribute::data) data_.emplace(event_.data);
        return true;
    }

    /// False when the attribute cannot be that.
    bool read_text(std::string_view text) {
        const auto keep = [text](std::string& member) {
            member = text;
            return !text.empty();
        };
        switch (attribute_) {
            case Attribute::specversion:
                return text == kSpecVersion;
            case Attribute::id:
            case Attribute::source:
                return !text.empty();
            case Attribute::type:
                return keep(event_.type);
            case Attribute::subject:
                return keep(event_.key);
            case Attribute::actor:
                return keep(event_.actor);
            case Attribute::time: {
                const auto at = base::Time::parse(text);
                event_.at = at.value_or(base::Time());
                return at.has_value();
            }
            case Attribute::sequence: {
                const auto position = read_digits(text, 0, INT64_MAX);
                event_.position = position.value_or(0);
                return position.has_value();
            }
            case Attribute::command:
                event_.command = base::Uuid::parse(text);
                return event_.command.has_value();
            case Attribute::datacontenttype:
                return text == kDataContentType;
            case Attribute::stateversion:
                return false;
            case Attribute::data:
            case Attribute::unknown:
                return true;
        }
        return false;
    }

    bool finish_event(error_code& error) {
        const bool is_heartbeat = event_.type == kHeartbeatType;
        const std::size_t required = is_heartbeat ? kRequiredOfHeartbeats : kRequired;
        for (std::size_t at = 0; at < required; ++at)
            if (!seen_.at(at)) return refuse(error, fmt::format("has no {}", kNames.at(at)));
        events_.push_back(is_heartbeat ? make_heartbeat(event_.position, event_.at)
                                       : std::move(event_));
        return true;
    }

    bool refuse(error_code& error, std::string_view why) {
        return stop(error, fmt::format("event {}: {}", events_.size(), why));
    }
    bool refuse_value(error_code& error) {
        return refuse(error, fmt::format("{} cannot be that", kNames.at(index_of(attribute_))));
    }
    bool refuse_element(error_code& error) {
        return depth_ == 0 ? refuse_whole(error) : refuse(error, "must be an object");
    }
    bool refuse_whole(error_code& error) { return stop(error, "must be an array of events"); }
    bool stop(error_code& error, std::string problem) {
        problem_ = std::move(problem);
        error = boost::json::error::syntax;
        return false;
    }

    std::size_t depth_ = 0;  // arrays and objects that are open
    std::string parts_;
    std::string whole_;
    Attribute attribute_ = Attribute::unknown;
    CloudEvent event_;
    std::array<bool, kNames.size()> seen_{};
    std::optional<JsonWriter> data_;
    std::vector<CloudEvent> events_;
    std::string problem_;
};

}  // namespace

CloudEvent make_heartbeat(std::int64_t position, base::Time at) {
    CloudEvent event;
    event.position = position;
    event.type = kHeartbeatType;
    event.at = at;
    return event;
}

std::string encode_event(const CloudEvent& event) {
    std::string text;
    text.reserve(event.data.size() + 512);
    JsonWriter json(text);
    write_event(json, event);
    return text;
}

std::string encode_events(std::span<const CloudEvent> events) {
    std::string text;
    std::size_t size = 2;
    for (const auto& event : events)
        size += event.data.size() + 512;
    text.reserve(size);
    JsonWriter json(text);
    json.begin_array();
    for (const auto& event : events)
        write_event(json, event);
    json.end_array();
    return text;
}

std::expected<std::vector<CloudEvent>, std::string> decode_events(std::string_view bytes) {
    boost::json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::json::basic_parser<EventsReader> parser(options);
    error_code error;
    const std::size_t read = parser.write_some(false, bytes.data(), bytes.size(), error);
    if (!error && read == bytes.size()) return parser.handler().take();

    const std::string& problem = parser.handler().problem();
    if (!problem.empty()) return std::unexpected(problem);
    const auto whole = read_json(bytes);  // knows where the JSON ends to be one
    return std::unexpected(whole ? "this is not JSON" : whole.error().detail);
}

}  // namespace stockroom::contract
