#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "stockroom/base/time.hpp"

namespace stockroom {

/// One line that shows how far something has come, redrawn at most ten times a second. One thread.
class ProgressBar {
  public:
    /// Draws to `out` when `is_shown`, else never. REQUIRES: total ≥ 0; out outlives the bar.
    ProgressBar(std::ostream& out, bool is_shown, std::string_view label, std::int64_t total);
    /// Leaves the last line standing and ends it.
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void set(std::int64_t done);

  private:
    void draw(base::Deadline now);

    std::ostream& out_;
    bool is_shown_;
    std::string label_;
    std::int64_t total_;
    std::int64_t done_ = 0;
    base::Deadline started_;
    base::Deadline next_draw_;
};

/// "  replaying  [#####     ]  50 %  1,200 of 2,400  800/s  2 s left"
[[nodiscard]] std::string progress_line(std::string_view label, std::int64_t done,
                                        std::int64_t total, double seconds);

/// Whether somebody watches standard error: a terminal that can redraw a line.
[[nodiscard]] bool standard_error_is_terminal();

}  // namespace stockroom
