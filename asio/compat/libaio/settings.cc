#include "asio/compat/libaio/settings.h"

#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace uasio {
namespace libaio {
namespace {

// The environment variable `name` as a number, or `value` where that is not
// set, or not from `least` to `most`.
uint64_t Number(const char* name, uint64_t value, uint64_t least,
                uint64_t most) {
  const char* text = secure_getenv(name);
  if (text == nullptr) return value;
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(text, &end, 10);
  const bool is_number =
      errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
  if (is_number && number >= least && number <= most) return number;
  std::fprintf(stderr,
               "uasio: %s=\"%s\" is not a number from %" PRIu64 " to %" PRIu64
               "; %" PRIu64 " is used\n",
               name, text, least, most, value);
  return value;
}

}  // namespace

Settings ReadSettings() {
  const int saved_errno = errno;
  Settings settings;
  AioOptions* const options = &settings.options;
  options->threads_max =
      Number("UASIO_THREADS_MAX", options->threads_max, 1, 4096);
  options->idle_timeout = std::chrono::seconds(
      Number("UASIO_IDLE_SECONDS",
             static_cast<uint64_t>(options->idle_timeout.count()), 0, 86400));
  options->events_max =
      Number("UASIO_AIO_MAX_NR", options->events_max, 1, UINT32_MAX);
  options->cached_reads = Number("UASIO_CACHED_READS", 1, 0, 1) != 0;
  settings.summary = Number("UASIO_SUMMARY", 0, 0, 1) != 0;
  errno = saved_errno;
  return settings;
}

}  // namespace libaio
}  // namespace uasio
