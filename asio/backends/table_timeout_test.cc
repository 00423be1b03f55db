// A backend whose test read does not complete in time is tried again.

#include <dlfcn.h>
#include <sys/syscall.h>
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

}  // namespace
}  // namespace uasio

// Ends the wait for a completion at once, as after its timeout.
extern "C" long syscall(long number, ...) noexcept {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_io_destroy) ++uasio::contexts_destroyed;
  if (uasio::is_stuck && number == SYS_io_submit) return a[1];
  if (uasio::is_stuck && number == SYS_io_getevents) return 0;
  static const auto real =
      reinterpret_cast<long (*)(long, ...)>(dlsym(RTLD_NEXT, "syscall"));
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

namespace uasio {
namespace {

absl::Status StatusOfKaio() {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (verdict.name == "kaio") return verdict.status;
  }
  return absl::NotFoundError("kaio");
}

TEST(TableTimeoutTest, ABackendThatWasStuckIsTriedAgain) {
  if (!NewBackend("kaio", 1).ok()) GTEST_SKIP() << "kaio does not work here";
  contexts_destroyed = 0;
  is_stuck = true;
  EXPECT_TRUE(absl::IsDeadlineExceeded(StatusOfKaio()));
  // io_destroy(2) waits for what is in flight.
  EXPECT_EQ(contexts_destroyed, 0u);
  is_stuck = false;
  EXPECT_TRUE(StatusOfKaio().ok()) << StatusOfKaio();
}

}  // namespace
}  // namespace uasio
