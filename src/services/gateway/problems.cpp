#include "problems.hpp"

#include "stockroom/telemetry/log.hpp"

namespace stockroom::gateway {

namespace {

std::string command_member(const base::Uuid& command) {
    return R"("command_id":")" + command.to_string() + '"';
}

}  // namespace

http::Problem malformed_json(std::string detail, std::string field) {
    return {.status = 400,
            .type = "malformed_json",
            .title = "The body is not JSON",
            .detail = std::move(detail),
            .field = std::move(field)};
}

http::Problem invalid_header(std::string name, std::string detail) {
    return {.status = 400,
            .type = "invalid_header",
            .title = "A header is invalid",
            .detail = std::move(detail),
            .field = std::move(name)};
}

http::Problem invalid_field(std::string field, std::string detail) {
    return {.status = 422,
            .type = "invalid_field",
            .title = "A field is invalid",
            .detail = std::move(detail),
            .field = std::move(field)};
}

http::Problem unsupported_media_type(std::string_view wanted) {
    return {.status = 415,
            .type = "unsupported_media_type",
            .title = "The body is not of a type that is understood",
            .detail = "Send \"Content-Type: " + std::string(wanted) + "\", without an encoding."};
}

http::Problem item_not_found() {
    return {.status = 404,
            .type = "item_not_found",
            .title = "No such item",
            .detail = "There is no item with this SKU."};
}

http::Problem order_not_found() {
    return {.status = 404,
            .type = "order_not_found",
            .title = "No such order",
            .detail = "There is no order with this id."};
}

http::Problem record_not_found() {
    return {.status = 404,
            .type = "record_not_found",
            .title = "No such record",
            .detail = "There is no record with this SRN. Upper and lower case differ."};
}

http::Problem command_not_found() {
    return {.status = 404,
            .type = "command_not_found",
            .title = "No such command",
            .detail =
                "No outcome is stored under this id, and no such command is under way here. One "
                "that was just sent by way of another gateway may still wait: ask again."};
}

http::Problem dead_letter_not_found() {
    return {.status = 404,
            .type = "dead_letter_not_found",
            .title = "No such dead letter",
            .detail = "There is no dead letter with this id."};
}

http::Problem idempotency_key_reused() {
    return {.status = 422,
            .type = "idempotency_key_reused",
            .title = "The idempotency key was used for another request",
            .detail = "A request with another body is under way under this key. Take a new key.",
            .field = "Idempotency-Key"};
}

http::Problem no_room() {
    return {.status = 503,
            .type = "no_room",
            .title = "There is no room for more",
            .detail = "Too many commands are waiting. Nothing was done; try again later.",
            .extension = R"("outcome":"none")"};
}

http::Problem bus_unavailable() {
    return {.status = 503,
            .type = "unavailable",
            .title = "The service is not available",
            .detail = "Commands cannot be taken now. Nothing was done; try again later.",
            .extension = R"("outcome":"none")"};
}

http::Problem outcome_unknown(const base::Uuid& command) {
    return {.status = 503,
            .type = "unavailable",
            .title = "The service is not available",
            .detail = "The command may have been taken. Ask for it, or repeat it under its key.",
            .extension = R"("outcome":"unknown",)" + command_member(command)};
}

http::Problem dead_letter(const base::Uuid& command) {
    return {.status = 500,
            .type = "dead_letter",
            .title = "The command could not be decided",
            .detail = "It changed nothing and is kept for the operator; /v1/commands/" +
                      command.to_string() + " gives the reason.",
            .extension = command_member(command)};
}

http::Problem too_many_listeners() {
    return {.status = 503,
            .type = "no_room",
            .title = "There is no room for more",
            .detail = "Too many clients listen to events. Try again later."};
}

http::Problem reads_overloaded() {
    return {.status = 503,
            .type = "no_room",
            .title = "There is no room for more",
            .detail = "Too many reads are waiting. Try again later."};
}

http::Problem read_too_late() {
    return {.status = 503,
            .type = "unavailable",
            .title = "The service is not available",
            .detail = "The store has not answered in time. Try again later."};
}

http::Problem store_trouble(const ports::Error& error) {
    const bool passing = error.kind != ports::ErrorKind::permanent;
    telemetry::log(passing ? telemetry::LogLevel::warning : telemetry::LogLevel::error,
                   "the store could not be read", {{"reason", error.detail}});
    if (passing)
        return {.status = 503,
                .type = "unavailable",
                .title = "The service is not available",
                .detail = "The store cannot be read now. Try again later."};
    return {.status = 500,
            .type = "internal_error",
            .title = "A fault of the server's own",
            .detail = "The store could not be read; the log says more."};
}

http::Problem generator_unavailable(const std::string& why) {
    return {.status = 503,
            .type = "unavailable",
            .title = "The service is not available",
            .detail = "The order generator does not answer: " + why};
}

http::Problem not_ready(std::string reason) {
    return {.status = 503,
            .type = "not_ready",
            .title = "The service cannot do its work",
            .detail = std::move(reason)};
}

}  // namespace stockroom::gateway
