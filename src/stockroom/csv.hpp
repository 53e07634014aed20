#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stockroom {

struct CsvField {
    std::string text;
    std::size_t line = 0;  // where it begins, from 1
};

struct CsvRow {
    std::size_t line = 0;
    std::vector<CsvField> fields;  // at least one
};

/// A place that cannot be read.
struct CsvError {
    std::size_t line = 0;
    std::size_t column = 0;  // which field of its row, from 1
    std::string detail;
};

/// Reads RFC 4180: fields between commas, in quotes where they hold commas, quotes (doubled) or
/// line breaks; rows end in CRLF or LF, the last one perhaps in nothing. A byte order mark at the
/// start and empty lines are passed over.
class CsvReader {
  public:
    /// REQUIRES: the bytes outlive the reader.
    explicit CsvReader(std::string_view bytes);

    /// The next row; empty at the end. After an error it goes on with the line after it.
    [[nodiscard]] std::optional<std::expected<CsvRow, CsvError>> next();

  private:
    [[nodiscard]] std::expected<CsvField, std::string> read_field();
    [[nodiscard]] std::expected<std::string, std::string> read_quoted();
    [[nodiscard]] std::expected<std::string, std::string> read_plain();
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t line_break_at(std::size_t position) const;
    void skip_line();

    std::string_view bytes_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
};

}  // namespace stockroom
