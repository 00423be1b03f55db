// What a program's environment says about its libaio.
//
//   UASIO_THREADS_MAX    threads of the pool, at most           (64)
//   UASIO_IDLE_SECONDS   after which an idle thread ends        (10)
//   UASIO_AIO_MAX_NR     of all io_setup(), in place of the
//                        kernel's aio-max-nr                    (1048576)
//   UASIO_CACHED_READS   0: io_submit() leaves cached reads
//                        to the pool as well                    (1)
//   UASIO_SUMMARY        1: a line on stderr at exit            (0)
//
// Threads:   one; getenv(3)'s rules.  Nothing is read in a program that has
//            more privileges than its user (secure_getenv(3)).
// Errors:    a value that is no number in its range is named on stderr, and the
//            default is used.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_SETTINGS_H_
#define UASIO_ASIO_COMPAT_LIBAIO_SETTINGS_H_

#include "asio/compat/libaio/engine.h"

namespace uasio {
namespace libaio {

struct Settings {
  AioOptions options;
  bool summary = false;
};

Settings ReadSettings();

}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_SETTINGS_H_
