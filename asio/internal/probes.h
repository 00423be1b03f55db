// Static probes, for bpftrace(8), perf-probe(1) and systemtap;
// docs/operators.md shows how.  Provider "uasio":
//   submit(request, op, fd, offset, length)
//   start(request, op, fd, backend)            backend: its name, or
//                                              "caller" in SubmitAndWait()
//   complete(request, op, fd, result)          result: bytes or -errno
// `op` is the number of the Op.
//
// Cost: one instruction that does nothing, while nobody traces.  Without
// <sys/sdt.h> (Debian's package systemtap-sdt-dev) there are no probes.

#ifndef UASIO_ASIO_INTERNAL_PROBES_H_
#define UASIO_ASIO_INTERNAL_PROBES_H_

#include "asio/request.h"

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define UASIO_PROBE4(name, a, b, c, d) DTRACE_PROBE4(uasio, name, a, b, c, d)
#define UASIO_PROBE5(name, a, b, c, d, e) \
  DTRACE_PROBE5(uasio, name, a, b, c, d, e)
#else
#define UASIO_PROBE4(name, a, b, c, d) ((void)0)
#define UASIO_PROBE5(name, a, b, c, d, e) ((void)0)
#endif

namespace uasio::internal {

inline void ProbeSubmit([[maybe_unused]] const Request& r) {
  UASIO_PROBE5(submit, &r, static_cast<int>(r.op), r.fd, r.offset, r.length);
}

inline void ProbeStart([[maybe_unused]] const Request& r,
                       [[maybe_unused]] const char* backend) {
  // In a register: the address of a constant cannot stand in a probe's note.
  asm("" : "+r"(backend));
  UASIO_PROBE4(start, &r, static_cast<int>(r.op), r.fd, backend);
}

inline void ProbeComplete([[maybe_unused]] const Request& r) {
  UASIO_PROBE4(complete, &r, static_cast<int>(r.op), r.fd, r.result);
}

}  // namespace uasio::internal

#undef UASIO_PROBE4
#undef UASIO_PROBE5

#endif  // UASIO_ASIO_INTERNAL_PROBES_H_
