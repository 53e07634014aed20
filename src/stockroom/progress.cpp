#include "progress.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace stockroom {

namespace {

constexpr std::chrono::milliseconds kRedrawTime{100};
constexpr std::int64_t kBarWidth = 30;

}  // namespace

ProgressBar::ProgressBar(std::ostream& out, bool is_shown, std::string_view label,
                         std::int64_t total)
    : out_(out),
      is_shown_(is_shown),
      label_(label),
      total_(total),
      started_(base::Deadline::clock::now()),
      next_draw_(started_) {}

ProgressBar::~ProgressBar() {
    if (!is_shown_) return;
    draw(base::Deadline::clock::now());
    out_ << std::endl;
}

void ProgressBar::set(std::int64_t done) {
    done_ = done;
    if (!is_shown_) return;
    const auto now = base::Deadline::clock::now();
    if (now < next_draw_) return;
    next_draw_ = now + kRedrawTime;
    draw(now);
}

void ProgressBar::draw(base::Deadline now) {
    const std::chrono::duration<double> seconds = now - started_;
    // Back to the line's start, and clear what a longer line left (ECMA-48: EL).
    out_ << '\r' << progress_line(label_, done_, total_, seconds.count()) << "\x1b[K" << std::flush;
}

std::string progress_line(std::string_view label, std::int64_t done, std::int64_t total,
                          double seconds) {
    const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
    std::string line =
        fmt::format("{} [{:<{}}] {:3.0f} %  {} of {}", label, std::string(filled, '#'), kBarWidth,
                    std::floor(part * 100), done, total);
    if (done <= 0 || seconds <= 0) return line;
    const double rate = static_cast<double>(done) / seconds;
    line += fmt::format("  {:.0f}/s", rate);
    if (done < total)
        line += fmt::format("  {:.0f} s left", std::ceil(static_cast<double>(total - done) / rate));
    return line;
}

bool standard_error_is_terminal() {
    if (isatty(STDERR_FILENO) == 0) return false;
    const char* kind = std::getenv("TERM");
    return kind == nullptr || std::string_view(kind) != "dumb";
}

}  // namespace stockroom
