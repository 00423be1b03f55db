// A backend whose test read does not complete in time is tried again, but not
// at once: the test takes seconds, and leaks the backend.

#include <dlfcn.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "absl/status/status.h"
#include "asio/backends/table.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

bool is_stuck = false;  // The kernel takes requests, and completes none.
size_t contexts_destroyed = 0;
size_t reads_submitted = 0;
time_t seconds_ahead = 0;  // Of the clock that waits are measured on.

}  // namespace
}  // namespace uasio

// Ends the wait for a completion at once, as after its timeout.  ASan must not
// look: not every caller passes six arguments.
extern "C" __attribute__((no_sanitize("address"))) long syscall(long number,
                                                                ...) noexcept {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_io_destroy) ++uasio::contexts_destroyed;
  if (number == SYS_io_submit) ++uasio::reads_submitted;
  if (uasio::is_stuck && number == SYS_io_submit) return a[1];
  if (uasio::is_stuck && number == SYS_io_getevents) return 0;
  static const auto real =
      reinterpret_cast<long (*)(long, ...)>(dlsym(RTLD_NEXT, "syscall"));
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (clock == CLOCK_MONOTONIC) now->tv_sec += uasio::seconds_ahead;
  return static_cast<int>(result);
}

namespace uasio {
namespace {

absl::Status StatusOfKaio() {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (verdict.name == "kaio") return verdict.status;
  }
  return absl::NotFoundError("kaio");
}

TEST(TableTimeoutTest, ABackendThatWasStuckIsTriedAgainAfterMinutes) {
  if (!NewBackend("kaio", 1).ok()) GTEST_SKIP() << "kaio does not work here";
  contexts_destroyed = reads_submitted = 0;
  is_stuck = true;
  EXPECT_TRUE(absl::IsDeadlineExceeded(StatusOfKaio()));
  // io_destroy(2) waits for what is in flight.
  EXPECT_EQ(contexts_destroyed, 0u);
  EXPECT_TRUE(absl::IsDeadlineExceeded(StatusOfKaio()));
  EXPECT_EQ(reads_submitted, 1u);
  is_stuck = false;
  seconds_ahead = 3600;
  EXPECT_TRUE(StatusOfKaio().ok()) << StatusOfKaio();
  seconds_ahead = 0;
}

}  // namespace
}  // namespace uasio
