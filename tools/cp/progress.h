// A Progress draws a bar, the rate and the time left on stderr.
//
// Threads:   one.
// Units:     bytes; the rate is the average since Begin(), in MiB/s.
// Cost:      reads the clock in each Update(); draws ten times a second.

#ifndef UASIO_TOOLS_CP_PROGRESS_H_
#define UASIO_TOOLS_CP_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace uasio {

class Progress {
 public:
  enum class When { kAuto, kAlways, kNever };

  // kAuto: draws if stderr is a terminal.
  explicit Progress(When when);

  // Erases the bar.
  ~Progress();

  // Starts a new bar with the title `what`, which is full at `total` bytes; 0
  // if the total is unknown.
  void Begin(absl::string_view what, int64_t total);

  // `done`: bytes done since Begin().
  void Update(int64_t done);

 private:
  const bool on_;
  bool drawn_ = false;
  std::string what_;
  int64_t total_ = 0;
  absl::Time start_;
  absl::Time next_draw_;
};

// Returns what Update() draws:
// "copying [======                  ]  25%  512.0 MiB  980 MiB/s  2s left".
std::string ProgressLine(absl::string_view what, int64_t done, int64_t total,
                         absl::Duration elapsed);

bool AbslParseFlag(absl::string_view text, Progress::When* when,
                   std::string* error);
std::string AbslUnparseFlag(Progress::When when);

}  // namespace uasio

#endif  // UASIO_TOOLS_CP_PROGRESS_H_
