// Runs all cases and prints a line for each: its name, a tab, its notes.
//
//   cases kernel            calls the kernel
//   cases PATH              calls the libaio.so.1 at PATH

#include <dlfcn.h>
#include <sys/syscall.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "asio/compat/libaio/cases/case.h"

namespace uasio {
namespace libaio {
namespace cases {
namespace {

template <typename... Args>
int Call(long number, Args... args) {
  const long result = syscall(number, args...);
  return result < 0 ? -errno : static_cast<int>(result);
}

Api KernelApi() {
  Api api;
  api.setup = [](unsigned events, aio_context_t* id) {
    return Call(SYS_io_setup, events, id);
  };
  api.destroy = [](aio_context_t id) { return Call(SYS_io_destroy, id); };
  api.submit = [](aio_context_t id, long count, iocb** blocks) {
    return Call(SYS_io_submit, id, count, blocks);
  };
  api.cancel = [](aio_context_t id, iocb* block, io_event* event) {
    return Call(SYS_io_cancel, id, block, event);
  };
  api.getevents = [](aio_context_t id, long min, long max, io_event* events,
                     timespec* timeout) {
    return Call(SYS_io_getevents, id, min, max, events, timeout);
  };
  api.pgetevents = [](aio_context_t id, long min, long max, io_event* events,
                      timespec* timeout, sigset_t* mask) {
    struct {
      const sigset_t* mask;
      size_t bytes;
    } argument = {mask, _NSIG / 8};
    return Call(SYS_io_pgetevents, id, min, max, events, timeout, &argument);
  };
  return api;
}

template <typename F>
F* Symbol(void* library, const char* name, const char* version) {
  void* symbol = dlvsym(library, name, version);
  if (symbol == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return reinterpret_cast<F*>(symbol);
}

Api LibraryApi(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  Api api;
  api.setup =
      Symbol<int(unsigned, aio_context_t*)>(library, "io_setup", "LIBAIO_0.4");
  api.destroy = Symbol<int(aio_context_t)>(library, "io_destroy", "LIBAIO_0.4");
  api.submit = Symbol<int(aio_context_t, long, iocb**)>(library, "io_submit",
                                                        "LIBAIO_0.1");
  api.cancel = Symbol<int(aio_context_t, iocb*, io_event*)>(
      library, "io_cancel", "LIBAIO_0.4");
  api.getevents = Symbol<int(aio_context_t, long, long, io_event*, timespec*)>(
      library, "io_getevents", "LIBAIO_0.4");
  api.pgetevents =
      Symbol<int(aio_context_t, long, long, io_event*, timespec*, sigset_t*)>(
          library, "io_pgetevents", "LIBAIO_0.5");
  return api;
}

void Run(const Api& api, const Case& test) {
  Notes notes;
  errno = 0;
  test.run(api, &notes);
  std::printf("%s\t%s\n", test.name, notes.text().c_str());
  std::fflush(stdout);
}

}  // namespace
}  // namespace cases
}  // namespace libaio
}  // namespace uasio

int main(int argc, char** argv) {
  using namespace uasio::libaio::cases;  // NOLINT
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s kernel | PATH\n", argv[0]);
    return 2;
  }
  const Api api =
      std::strcmp(argv[1], "kernel") == 0 ? KernelApi() : LibraryApi(argv[1]);
  for (const auto& cases : {SetupCases(), SubmitCases(), TransferCases(),
                            WaitCases(), PollCases(), RingCases()}) {
    for (const Case& test : cases) Run(api, test);
  }
  return 0;
}
