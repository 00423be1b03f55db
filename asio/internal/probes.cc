#include "asio/internal/probes.h"

// Only here, because linkers refuse a probe of an inline function that they
// discard.
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>

namespace uasio::internal {

void ProbeSubmit(const Request& r) {
  DTRACE_PROBE5(uasio, submit, &r, static_cast<int>(r.op), r.fd, r.offset,
                r.length);
}

void ProbeStart(const Request& r, const char* backend) {
  DTRACE_PROBE4(uasio, start, &r, static_cast<int>(r.op), r.fd, backend);
}

void ProbeComplete(const Request& r) {
  DTRACE_PROBE4(uasio, complete, &r, static_cast<int>(r.op), r.fd, r.result);
}

}  // namespace uasio::internal

#endif
