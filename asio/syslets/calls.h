// What is known of each system call: whether a syslet may make it at all, and
// whether it can block.
//
// Threads:   any.
// Errors:    none; a number that is no system call is of kind kUnknown.

#ifndef UASIO_ASIO_SYSLETS_CALLS_H_
#define UASIO_ASIO_SYSLETS_CALLS_H_

#include <cstdint>

namespace uasio {

enum class CallKind : uint8_t {
  kMightBlock,   // Is made in a worker.
  kNeverBlocks,  // Is made in the caller, whatever its arguments.
  kRefused,      // Is never made: -EPERM.
  kUnknown,      // Is never made: -ENOSYS.
  kUmemAdd,      // SYSLET_NR_UMEM_ADD.

  // These are made in the caller where their arguments allow: see attempts.h.
  kOpen,
  kOpenat,
  kRead,
  kPread,
  kClose,
  kLseek,
  kFcntl,
};

CallKind KindOf(unsigned long nr);

}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_CALLS_H_
