#include "tools/cp/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace uasio {
namespace {

constexpr absl::Duration kBetweenDraws = absl::Milliseconds(100);
constexpr int kBarColumns = 24;
constexpr double kMiB = 1 << 20;

std::string Bar(double share) {
  const int full = static_cast<int>(share * kBarColumns);
  return absl::StrCat("[", std::string(full, '='),
                      std::string(kBarColumns - full, ' '), "]");
}

}  // namespace

Progress::Progress(When when)
    : on_(when == When::kAlways ||
          (when == When::kAuto && isatty(STDERR_FILENO))) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::Begin(absl::string_view what, int64_t total) {
  what_ = std::string(what);
  total_ = total;
  start_ = next_draw_ = absl::Now();
  Update(0);
}

void Progress::Update(int64_t done) {
  if (!on_) return;
  const absl::Time now = absl::Now();
  if (now < next_draw_) return;
  next_draw_ = now + kBetweenDraws;
  drawn_ = true;
  std::fprintf(stderr, "\r%s\033[K",
               ProgressLine(what_, done, total_, now - start_).c_str());
}

std::string ProgressLine(absl::string_view what, int64_t done, int64_t total,
                         absl::Duration elapsed) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const double rate = static_cast<double>(done) / seconds;
  std::string line(what);
  if (total > 0) {
    const double share =
        std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    absl::StrAppendFormat(&line, " %s %3d%%", Bar(share),
                          static_cast<int>(share * 100));
  }
  absl::StrAppendFormat(&line, "  %.1f MiB  %.0f MiB/s",
                        static_cast<double>(done) / kMiB, rate / kMiB);
  if (total > done && rate > 0) {
    const double left = static_cast<double>(total - done) / rate;
    absl::StrAppend(
        &line, "  ",
        absl::FormatDuration(absl::Ceil(absl::Seconds(left), absl::Seconds(1))),
        " left");
  }
  return line;
}

bool AbslParseFlag(absl::string_view text, Progress::When* when,
                   std::string* error) {
  for (auto candidate : {Progress::When::kAuto, Progress::When::kAlways,
                         Progress::When::kNever}) {
    if (text != AbslUnparseFlag(candidate)) continue;
    *when = candidate;
    return true;
  }
  *error = "it must be auto, always or never";
  return false;
}

std::string AbslUnparseFlag(Progress::When when) {
  switch (when) {
    case Progress::When::kAuto:
      return "auto";
    case Progress::When::kAlways:
      return "always";
    case Progress::When::kNever:
      return "never";
  }
  return "";
}

}  // namespace uasio
