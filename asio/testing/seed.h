// The seed of a random test: printed, so that a failure can be replayed.
//
//   const uint64_t seed = uasio::TestSeed(1);
//   SCOPED_TRACE(testing::Message() << "UASIO_SEED=" << seed);
//   std::mt19937_64 random(seed);
//
// bazel test --test_env=UASIO_SEED=N //some:test replays seed N.

#ifndef UASIO_ASIO_TESTING_SEED_H_
#define UASIO_ASIO_TESTING_SEED_H_

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace uasio {

// The value of the environment variable UASIO_SEED, or `default_seed` when
// that is not set.  Prints the seed.  Ends the program if UASIO_SEED is not a
// number, so that no replay runs with the wrong seed.
inline uint64_t TestSeed(uint64_t default_seed) {
  uint64_t seed = default_seed;
  const char* text = std::getenv("UASIO_SEED");
  if (text != nullptr) {
    char* end = nullptr;
    errno = 0;
    seed = std::strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || *text == '-') {
      std::fprintf(stderr, "UASIO_SEED is not a number: \"%s\"\n", text);
      std::abort();
    }
  }
  std::printf("seed %" PRIu64 "; replay with UASIO_SEED=%" PRIu64 "\n", seed,
              seed);
  std::fflush(stdout);
  return seed;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_SEED_H_
