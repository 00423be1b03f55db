// Reads the settings of libaio.so.1 from the environment.
//
//   UASIO_THREADS_MAX    most threads of the pool               (64)
//   UASIO_IDLE_SECONDS   seconds until an idle thread ends      (10)
//   UASIO_AIO_MAX_NR     most events of all io_setup() calls,
//                        in place of the kernel's aio-max-nr    (1048576)
//   UASIO_CACHED_READS   0: the pool performs cached reads,
//                        not io_submit()                        (1)
//   UASIO_SUMMARY        1: print a line on stderr at exit      (0)
//
// Threads:   one, by the rules of getenv(3).  A program that has more
//            privileges than its user gets the defaults (secure_getenv(3)).
// Errors:    a value that is not a number in its range is named on stderr; the
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
