/*
 * Shared by the C tests of this folder, and valid C++ too: expectations, the
 * seed, random numbers, garbage, waiting for a semaphore, scratch files.
 */

#ifndef UASIO_ASIO_COMPAT_UCW_UCW_TESTING_H_
#define UASIO_ASIO_COMPAT_UCW_UCW_TESTING_H_

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* uasio::TestSeed() and uasio::kSanitized of asio/testing. */
uint64_t test_seed(uint64_t default_seed);
int test_is_sanitized(void);

#ifdef __cplusplus
}
#endif

/* Ends the test, with the place and the text of a condition that is false. */
#define EXPECT(condition)                                               \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "%s:%d: in %s: false: %s (errno %d)\n", __FILE__, \
              __LINE__, __func__, #condition, errno);                   \
      exit(1);                                                          \
    }                                                                   \
  } while (0)

#define RUN(test)          \
  do {                     \
    printf("%s\n", #test); \
    fflush(stdout);        \
    test();                \
  } while (0)

/* Fills `object` with garbage, as if it were uninitialised. */
#define FILL_WITH_GARBAGE(object) memset(&(object), 0xA5, sizeof(object))

/* The next random number; `state` begins as the seed. */
static inline uint64_t next_random(uint64_t* state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u); /* SplitMix64. */
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* A random number from 0 to bound - 1. */
static inline unsigned random_below(uint64_t* state, unsigned bound) {
  return (unsigned)(next_random(state) % bound);
}

/* A new file without a name, open for reading and writing. */
static inline int scratch_file(void) {
  const char* folder = getenv("TEST_TMPDIR");
  char path[4096];
  int fd;
  snprintf(path, sizeof(path), "%s/ucw_XXXXXX",
           folder != NULL ? folder : "/tmp");
  fd = mkstemp(path);
  EXPECT(fd >= 0);
  EXPECT(unlink(path) == 0);
  return fd;
}

/* Opens the file of `fd` again, with a file position of its own. */
static inline int open_again(int fd, int flags) {
  char path[64];
  int again;
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  again = open(path, flags | O_CLOEXEC);
  EXPECT(again >= 0);
  return again;
}

static inline void wait_for(sem_t* semaphore) {
  while (sem_wait(semaphore) != 0) EXPECT(errno == EINTR);
}

#endif /* UASIO_ASIO_COMPAT_UCW_UCW_TESTING_H_ */
