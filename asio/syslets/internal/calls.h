// Classifies system calls: whether a syslet may make them, and whether they can
// block.
//
// Threads:   any.
// Errors:    none; a number that is no system call is kUnknown.

#ifndef UASIO_ASIO_SYSLETS_INTERNAL_CALLS_H_
#define UASIO_ASIO_SYSLETS_INTERNAL_CALLS_H_

#include <cstdint>

namespace uasio {
namespace syslets {

enum class CallKind : uint8_t {
  kMightBlock,   // Made in a worker.
  kNeverBlocks,  // Made in the caller, with any arguments.
  kRefused,      // Never made; the result is -EPERM.
  kUnknown,      // Never made; the result is -ENOSYS.
  kUmemAdd,      // SYSLET_NR_UMEM_ADD.

  // Made in the caller if their arguments allow: see attempts.h.
  kOpen,
  kOpenat,
  kRead,
  kPread,
  kClose,
  kLseek,
  kFcntl,
};

CallKind KindOf(unsigned long nr);

// True if the call may write to a pipe, socket or file, or make a file longer:
// if it fails, it may raise SIGPIPE or SIGXFSZ.
bool MayRaiseWriteSignals(unsigned long nr);

}  // namespace syslets
}  // namespace uasio

#endif  // UASIO_ASIO_SYSLETS_INTERNAL_CALLS_H_
