// asio/testing/seed.h and asio/testing/sanitizers.h for C.

#include <cstdint>

#include "asio/testing/sanitizers.h"
#include "asio/testing/seed.h"

extern "C" uint64_t test_seed(uint64_t default_seed) {
  return uasio::TestSeed(default_seed);
}

extern "C" int test_is_sanitized() { return uasio::kSanitized ? 1 : 0; }
