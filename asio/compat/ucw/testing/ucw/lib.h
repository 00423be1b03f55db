/* Replaces libucw's own "ucw/lib.h" in the tests: it defines those of its names
 * that might clash with our headers. */

#ifndef UASIO_ASIO_COMPAT_UCW_TESTING_UCW_LIB_H_
#define UASIO_ASIO_COMPAT_UCW_TESTING_UCW_LIB_H_

#include <stddef.h>
#include <stdint.h>

typedef uint8_t byte;
typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned int uns;
typedef unsigned int uint;

#undef inline
#define NONRET __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define CONST __attribute__((const))
#define PURE __attribute__((pure))
#define PACKED __attribute__((packed))
#define likely(x) __builtin_expect((x), 1)
#define unlikely(x) __builtin_expect((x), 0)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ABS(x) ((x) < 0 ? -(x) : (x))
#define ASSERT(x) ((void)(x))
#define DBG(x, ...) ((void)0)
#define xmalloc ucw_xmalloc
#define xfree ucw_xfree
#define GLUE(x, y) x##y
#define STRINGIFY(x) #x

#endif /* UASIO_ASIO_COMPAT_UCW_TESTING_UCW_LIB_H_ */
