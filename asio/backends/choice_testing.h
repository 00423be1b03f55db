// Reports which backend a process gets, for tests in which the system refuses
// some of them.

#ifndef UASIO_ASIO_BACKENDS_CHOICE_TESTING_H_
#define UASIO_ASIO_BACKENDS_CHOICE_TESTING_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "asio/backends/table.h"
#include "asio/buffer.h"
#include "asio/queue.h"

namespace uasio {

// Writes a block and reads it back through a queue on `backend`; with direct
// I/O if memfds support it.  True: the data is right.
inline bool DoesIo(std::unique_ptr<Backend> backend) {
  const int fd = memfd_create("uasio", MFD_CLOEXEC);
  fcntl(fd, F_SETFL, O_DIRECT);
  Queue queue({}, std::move(backend));
  bool good = fd >= 0;
  for (const Op op : {Op::kWrite, Op::kRead, Op::kRead}) {
    Request* r = queue.Get();
    r->op = op;
    r->fd = fd;
    r->length = kBufferAlignment;
    std::memset(r->buffer, op == Op::kWrite ? 'x' : 'o', r->length);
    queue.Submit(r);
    r = queue.WaitUntil(absl::Now() + absl::Seconds(30));
    if (r == nullptr) abort();
    good &= r->result == static_cast<int64_t>(kBufferAlignment) &&
            r->buffer[kBufferAlignment - 1] == 'x';
    queue.Put(r);
  }
  close(fd);
  return good;
}

// Prints to stderr which backend NewAutoBackend() takes and why the others do
// not work, and exits; with 0 if a queue on that backend does I/O.
[[noreturn]] inline void ReportChoice() {
  BackendChoice choice = NewAutoBackend(64);
  for (const BackendVerdict& verdict : choice.passed_over) {
    std::fprintf(stderr, "passed over %s: %s\n", verdict.name.c_str(),
                 std::string(verdict.status.message()).c_str());
  }
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (verdict.status.ok()) continue;
    std::fprintf(stderr, "%s does not work: %s\n", verdict.name.c_str(),
                 std::string(verdict.status.message()).c_str());
  }
  std::fprintf(stderr, "took %s.\n", choice.name.c_str());
  exit(DoesIo(std::move(choice.backend)) ? 0 : 1);
}

}  // namespace uasio

#endif  // UASIO_ASIO_BACKENDS_CHOICE_TESTING_H_
