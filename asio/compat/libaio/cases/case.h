// Test cases of the KAIO interface.  differences_test.cc runs each on the
// kernel and on the emulation, and compares their notes.
//
// A case makes calls and notes results, errors and data, but nothing that may
// differ from run to run.

#ifndef UASIO_ASIO_COMPAT_LIBAIO_CASES_CASE_H_
#define UASIO_ASIO_COMPAT_LIBAIO_CASES_CASE_H_

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "asio/testing/fd.h"

namespace uasio {
namespace libaio {
namespace cases {

// The six calls; each returns -errno for an error.
struct Api {
  std::function<int(unsigned, aio_context_t*)> setup;
  std::function<int(aio_context_t)> destroy;
  std::function<int(aio_context_t, long, iocb**)> submit;
  std::function<int(aio_context_t, iocb*, io_event*)> cancel;
  std::function<int(aio_context_t, long, long, io_event*, timespec*)> getevents;
  std::function<int(aio_context_t, long, long, io_event*, timespec*, sigset_t*)>
      pgetevents;
};

// The answers of one case, as text.
class Notes {
 public:
  void operator()(const std::string& what, const std::string& answer) {
    text_ += (text_.empty() ? "" : ", ") + what + "=" + answer;
  }
  // A number, or the name of an error, such as -EINVAL.
  void operator()(const std::string& what, int64_t result);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Case {
  const char* name;
  std::function<void(const Api&, Notes*)> run;
};

// One function for each file of cases.
std::vector<Case> SetupCases();
std::vector<Case> SubmitCases();
std::vector<Case> TransferCases();
std::vector<Case> WaitCases();
std::vector<Case> PollCases();
std::vector<Case> RingCases();

// Parts of cases.

// Sets up a context for `events`; the destructor destroys it.
class Context {
 public:
  explicit Context(const Api& api, unsigned events = 8);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  aio_context_t id() const { return id_; }
  int Submit(std::vector<iocb*> blocks) const;

  // Waits for `count` events and sorts them by their data.
  std::vector<io_event> Wait(int count) const;

  // Submits `block` and notes the result as `what`; if the block is accepted,
  // waits for its event and notes that.
  void Do(iocb block, Notes* notes, const std::string& what = "submit") const;

 private:
  const Api& api_;
  aio_context_t id_ = 0;
};

// The ring as the client sees it in memory.
struct ClientRing {
  unsigned id, nr;
  std::atomic<unsigned> head, tail;
  unsigned magic, compatible, incompatible, header_length;
  io_event events[1];
};

inline ClientRing* RingOf(const Context& context) {
  return reinterpret_cast<ClientRing*>(context.id());
}

// An fd of an unlinked file with these contents.
int NewFile(const std::string& contents, int flags = O_RDWR);
std::string Contents(int fd);

iocb Block(int opcode, int fd, const void* buffer = nullptr, uint64_t bytes = 0,
           int64_t offset = 0);

// A page without access, right after one that is readable and writable.
class GuardPage {
 public:
  GuardPage();
  ~GuardPage();
  // The last `bytes` before the guard page.
  char* Before(size_t bytes) const { return guard_ - bytes; }
  char* begin() const { return guard_; }

 private:
  char* guard_;
};

}  // namespace cases
}  // namespace libaio
}  // namespace uasio

#endif  // UASIO_ASIO_COMPAT_LIBAIO_CASES_CASE_H_
