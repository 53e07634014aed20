#include "query_parameters.hpp"

#include <algorithm>
#include <charconv>

#include "stockroom/base/text.hpp"

#include "problems.hpp"

namespace stockroom::gateway {

namespace {

constexpr std::size_t kMaxCursorLength = 1024;

}  // namespace

std::optional<std::string> QueryParameters::text(std::string_view name, std::size_t length_max) {
    known_.push_back(name);
    const std::string* value = nullptr;
    for (const auto& [given, given_value] : request_.query) {
        if (given != name) continue;
        if (value != nullptr) {
            refuse(name, "must be given once");
            return std::nullopt;
        }
        value = &given_value;
    }
    if (value == nullptr) return std::nullopt;
    if (!base::is_utf8(*value) || value->find('\0') != std::string::npos) {
        refuse(name, "must be UTF-8 without NUL");
        return std::nullopt;
    }
    if (base::count_code_points(*value) > length_max) {
        refuse(name, "must have at most " + std::to_string(length_max) + " characters");
        return std::nullopt;
    }
    return *value;
}

bool QueryParameters::truth(std::string_view name) {
    const auto value = text(name, 10);
    if (value && *value != "true" && *value != "false") refuse(name, "must be true or false");
    return value == "true";
}

ports::PageRequest QueryParameters::page() {
    ports::PageRequest page;
    if (auto cursor = text("cursor", kMaxCursorLength)) {
        if (cursor->empty()) refuse("cursor", "must be the `next` of a page");
        page.cursor = std::move(*cursor);
    }
    if (const auto limit = text("limit", 10)) {
        const char* const end = limit->data() + limit->size();
        std::size_t number = 0;
        const auto [stop, error] = std::from_chars(limit->data(), end, number);
        if (error != std::errc() || stop != end || number < 1 || number > ports::kMaxPageSize)
            refuse("limit",
                   "must be a whole number from 1 to " + std::to_string(ports::kMaxPageSize));
        else
            page.limit = number;
    }
    return page;
}

void QueryParameters::refuse(std::string_view name, std::string_view detail) {
    if (!refused_) refused_ = invalid_field(std::string(name), std::string(detail));
}

std::optional<http::Problem> QueryParameters::problem() const {
    if (refused_) return refused_;
    for (const auto& [name, value] : request_.query)
        if (std::ranges::find(known_, name) == known_.end())
            return invalid_field(name.empty() ? "query" : name, "is not a parameter of this route");
    return std::nullopt;
}

}  // namespace stockroom::gateway
