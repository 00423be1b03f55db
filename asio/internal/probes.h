// Static probes, for bpftrace(8), perf-probe(1) and systemtap;
// docs/operators.md shows how.  Provider "uasio":
//   submit(request, op, fd, offset, length)
//   start(request, op, fd, backend)            backend: its name, or
//                                              "caller" in SubmitAndWait()
//   complete(request, op, fd, result)          result: bytes or -errno
// `op` is the number of the Op.
//
// Cost: a call of a function that does nothing, while nobody traces.  Without
// <sys/sdt.h> (Debian's package systemtap-sdt-dev) there are no probes.

#ifndef UASIO_ASIO_INTERNAL_PROBES_H_
#define UASIO_ASIO_INTERNAL_PROBES_H_

#include "asio/request.h"

namespace uasio::internal {

#if __has_include(<sys/sdt.h>)

void ProbeSubmit(const Request& request);
void ProbeStart(const Request& request, const char* backend);
void ProbeComplete(const Request& request);

#else

inline void ProbeSubmit(const Request&) {}
inline void ProbeStart(const Request&, const char*) {}
inline void ProbeComplete(const Request&) {}

#endif

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_PROBES_H_
