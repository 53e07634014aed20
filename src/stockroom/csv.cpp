#include "csv.hpp"

#include <algorithm>
#include <utility>

namespace stockroom {

CsvReader::CsvReader(std::string_view bytes) : bytes_(bytes) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (bytes_.starts_with(kByteOrderMark)) bytes_.remove_prefix(kByteOrderMark.size());
}

/// How long the line break is that stands there; 0 when there is none.
std::size_t CsvReader::line_break_at(std::size_t position) const {
    const std::string_view rest = bytes_.substr(position);
    if (rest.starts_with("\r\n")) return 2;
    return rest.starts_with('\n') ? 1 : 0;
}

void CsvReader::skip_line() {
    const std::size_t line_feed = bytes_.find('\n', at_);
    at_ = line_feed == std::string_view::npos ? bytes_.size() : line_feed + 1;
    ++line_;
}

std::optional<std::expected<CsvRow, CsvError>> CsvReader::next() {
    while (!at_end() && line_break_at(at_) > 0)
        skip_line();
    if (at_end()) return std::nullopt;

    CsvRow row{.line = line_, .fields = {}};
    while (true) {
        const std::size_t line = line_;
        auto field = read_field();
        if (!field) {
            const std::size_t column = row.fields.size() + 1;
            skip_line();
            return std::unexpected(CsvError{line, column, std::move(field.error())});
        }
        row.fields.push_back(std::move(*field));
        if (at_end()) return row;
        if (bytes_[at_] == ',') {
            ++at_;
        } else {
            skip_line();
            return row;
        }
    }
}

/// Stops at a comma, a line break or the end.
std::expected<CsvField, std::string> CsvReader::read_field() {
    const std::size_t line = line_;
    const bool quoted = !at_end() && bytes_[at_] == '"';
    auto text = quoted ? read_quoted() : read_plain();
    if (!text) return std::unexpected(std::move(text.error()));
    return CsvField{std::move(*text), line};
}

std::expected<std::string, std::string> CsvReader::read_plain() {
    const std::size_t end = std::min(bytes_.find_first_of(",\"\r\n", at_), bytes_.size());
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end;
    if (at_end() || bytes_[at_] == ',' || line_break_at(at_) > 0) return text;
    if (bytes_[at_] == '"')
        return std::unexpected("has a quote inside, so it must be in quotes and the quote doubled");
    return std::unexpected("has a carriage return inside, so it must be in quotes");
}

std::expected<std::string, std::string> CsvReader::read_quoted() {
    std::string text;
    for (++at_;;) {
        const std::size_t quote = bytes_.find('"', at_);
        if (quote == std::string_view::npos) {
            at_ = bytes_.size();
            return std::unexpected("begins with a quote that is never closed");
        }
        const std::string_view part = bytes_.substr(at_, quote - at_);
        line_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
        text += part;
        at_ = quote + 1;
        if (!bytes_.substr(at_).starts_with('"')) break;
        text += '"';
        ++at_;
    }
    if (at_end() || bytes_[at_] == ',' || line_break_at(at_) > 0) return text;
    return std::unexpected("goes on after its closing quote");
}

}  // namespace stockroom
