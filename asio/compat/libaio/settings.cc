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

// The environment variable `name` as a number; `default_value` if it is not
// set, or not a number from `least` to `most`.
uint64_t ReadNumber(const char* name, uint64_t default_value, uint64_t least,
                    uint64_t most) {
  const char* text = secure_getenv(name);
  if (text == nullptr) return default_value;
  char* end = nullptr;
  errno = 0;
  const uint64_t number = std::strtoull(text, &end, 10);
  const bool is_number =
      errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
  if (is_number && number >= least && number <= most) return number;
  std::fprintf(stderr,
               "uasio: %s=\"%s\" is not a number from %" PRIu64 " to %" PRIu64
               "; %" PRIu64 " is used\n",
               name, text, least, most, default_value);
  return default_value;
}

}  // namespace

Settings ReadSettings() {
  const int saved_errno = errno;
  Settings settings;
  AioOptions* const options = &settings.options;
  options->threads_max =
      ReadNumber("UASIO_THREADS_MAX", options->threads_max, 1, 4096);
  options->idle_timeout = std::chrono::seconds(ReadNumber(
      "UASIO_IDLE_SECONDS",
      static_cast<uint64_t>(options->idle_timeout.count()), 0, 86400));
  options->events_max =
      ReadNumber("UASIO_AIO_MAX_NR", options->events_max, 1, UINT32_MAX);
  options->cached_reads = ReadNumber("UASIO_CACHED_READS", 1, 0, 1) != 0;
  settings.summary = ReadNumber("UASIO_SUMMARY", 0, 0, 1) != 0;
  errno = saved_errno;
  return settings;
}

}  // namespace libaio
}  // namespace uasio
