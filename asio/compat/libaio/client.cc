// The program of processes_test.cc: uses libaio, Abseil and its own threads.
//
//   client LIBRARY MODE FILE
//
// LIBRARY "-" means the library that is loaded already, as by LD_PRELOAD.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "asio/testing/seccomp.h"

namespace {

constexpr int kWrites = 64;
constexpr size_t kBytes = 1 << 16;
constexpr size_t kPageBytes = 64 << 10;  // One or more, on every machine.

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "client: check failed: %s\n", what);
  _exit(1);
}

struct Library {
  explicit Library(const char* path) {
    handle = std::strcmp(path, "-") == 0 ? RTLD_DEFAULT
                                         : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    Find("io_setup", "LIBAIO_0.4", &setup);
    Find("io_destroy", "LIBAIO_0.4", &destroy);
    Find("io_submit", "LIBAIO_0.1", &submit);
    Find("io_getevents", "LIBAIO_0.4", &getevents);
    Find("io_getevents", "LIBAIO_0.1", &old_getevents);
    Find("io_cancel", "LIBAIO_0.1", &old_cancel);
    Find("io_queue_init", "LIBAIO_0.1", &queue_init);
    Find("io_queue_run", "LIBAIO_0.1", &queue_run);
    Find("io_queue_wait", "LIBAIO_0.4", &queue_wait);
    Find("io_queue_wait", "LIBAIO_0.1", &old_queue_wait);
    Find("io_queue_release", "LIBAIO_0.1", &queue_release);
  }

  template <typename F>
  void Find(const char* name, const char* version, F* function) {
    *function = reinterpret_cast<F>(dlvsym(handle, name, version));
    Check(*function != nullptr, name);
  }

  void* handle;
  int (*setup)(int, aio_context_t*);
  int (*destroy)(aio_context_t);
  int (*submit)(aio_context_t, long, iocb**);
  int (*getevents)(aio_context_t, long, long, io_event*, timespec*);
  int (*old_getevents)(aio_context_t, long, io_event*, timespec*);
  int (*old_cancel)(aio_context_t, iocb*);
  int (*queue_init)(int, aio_context_t*);
  int (*queue_run)(aio_context_t);
  int (*queue_wait)(aio_context_t, timespec*);
  int (*old_queue_wait)(aio_context_t, timespec*);
  int (*queue_release)(aio_context_t);
};

const Library* library;
int fd;
std::string text(kBytes, 'x');

iocb Block(int opcode, int on, void* buffer, size_t bytes, int64_t offset) {
  iocb block = {};
  block.aio_lio_opcode = static_cast<uint16_t>(opcode);
  block.aio_fildes = static_cast<uint32_t>(on);
  block.aio_buf = reinterpret_cast<uint64_t>(buffer);
  block.aio_nbytes = bytes;
  block.aio_offset = offset;
  return block;
}

aio_context_t NewContext() {
  aio_context_t context = 0;
  Check(library->setup(2 * kWrites, &context) == 0, "io_setup");
  return context;
}

// Submits the writes that fill the file.
void SubmitWrites(aio_context_t context) {
  static std::vector<iocb> blocks(kWrites);
  std::vector<iocb*> pointers;
  for (int i = 0; i < kWrites; ++i) {
    blocks[i] = Block(IOCB_CMD_PWRITE, fd, text.data(), kBytes,
                      static_cast<int64_t>(i * kBytes));
    pointers.push_back(&blocks[i]);
  }
  Check(library->submit(context, kWrites, pointers.data()) == kWrites,
        "io_submit of writes");
}

void Reap(aio_context_t context, int count) {
  std::vector<io_event> events(static_cast<size_t>(count));
  Check(library->getevents(context, count, count, events.data(), nullptr) ==
            count,
        "io_getevents");
  for (const io_event& event : events) {
    Check(event.res == static_cast<int64_t>(kBytes), "a whole write");
  }
}

void Work() {
  const aio_context_t context = NewContext();
  SubmitWrites(context);
  Reap(context, kWrites);
  Check(library->destroy(context) == 0, "io_destroy");
}

void ExitAtOnce() {
  SubmitWrites(NewContext());
  std::exit(0);
}

void SubmitInAtexit() {
  Work();
  std::atexit([] { SubmitWrites(NewContext()); });
  std::exit(0);
}

// Exits while a poll and a read wait for a pipe that is never written.
void ExitWithWaiting() {
  int fds[2];
  Check(pipe(fds) == 0, "pipe");
  char byte;
  iocb poll = Block(IOCB_CMD_POLL, fds[0], nullptr, 0, 0);
  poll.aio_buf = POLLIN;
  iocb read = Block(IOCB_CMD_PREAD, fds[0], &byte, 1, 0);
  iocb* blocks[] = {&poll, &read};
  Check(library->submit(NewContext(), 2, blocks) == 2, "io_submit");
  std::exit(0);
}

void Exec() {
  SubmitWrites(NewContext());
  execl("/bin/true", "true", nullptr);
}

void Fork() {
  const aio_context_t context = NewContext();
  for (int i = 0; i < 10; ++i) {
    SubmitWrites(context);
    const pid_t child = fork();
    if (child == 0) {
      Check(library->destroy(context) == -EINVAL, "the parent's context");
      Work();
      std::exit(i);
    }
    Reap(context, kWrites);
    int status;
    Check(waitpid(child, &status, 0) == child, "waitpid");
    Check(WIFEXITED(status) && WEXITSTATUS(status) == i, "the child");
  }
}

void CloseLibrary() {
  Work();
  const aio_context_t context = NewContext();
  SubmitWrites(context);
  Check(dlclose(library->handle) == 0, "dlclose");
  Reap(context, kWrites);
}

void KeepErrno() {
  errno = 4711;
  Check(library->destroy(17) == -EINVAL && errno == 4711, "errno is kept");
  Work();
  Check(errno == 4711, "errno is still kept");
}

// The thread has a cancellation pending, and no function of libaio acts on it.
void Cancel() {
  const aio_context_t context = NewContext();
  std::thread thread([context] {
    pthread_cancel(pthread_self());
    SubmitWrites(context);
    Reap(context, kWrites);
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    Check(old == PTHREAD_CANCEL_ENABLE, "cancelling is enabled as before");
  });
  thread.join();
}

int called = 0;

void Queue() {
  aio_context_t context = 17;
  Check(library->queue_init(0, &context) == -EINVAL, "a queue of 0 events");
  Check(library->queue_init(8, nullptr) == -EFAULT, "a null queue");
  Check(library->queue_init(8, &context) == 0, "io_queue_init");
  iocb block = Block(IOCB_CMD_PWRITE, fd, text.data(), kBytes, 0);
  void (*callback)(aio_context_t, iocb*, long,
                   long) = [](aio_context_t, iocb* done, long res, long res2) {
    Check(done->aio_nbytes == kBytes && res2 == 0, "the callback");
    called += res == static_cast<long>(kBytes) ? 1 : 0;
  };
  block.aio_data = reinterpret_cast<uint64_t>(callback);
  iocb* blocks[] = {&block, &block, &block};
  Check(library->submit(context, 3, blocks) == 3, "io_submit");
  while (called < 3) Check(library->queue_run(context) == 0, "io_queue_run");
  timespec minute = {60, 0};
  Check(library->queue_wait(context, &minute) == 0, "io_queue_wait");
  Check(library->old_queue_wait(context, nullptr) == 0, "old io_queue_wait");
  Check(library->submit(context, 2, blocks) == 2, "io_submit");
  io_event event;
  Check(library->old_getevents(context, 1, &event, nullptr) == 1, "an event");
  Check(library->old_getevents(context, 1, &event, &minute) == 1, "the second");
  timespec none = {0, 0};
  Check(library->old_getevents(context, 1, &event, &none) == 0, "no third");
  Check(library->old_cancel(context, &block) == -EINVAL, "io_cancel");
  Check(library->queue_release(context) == 0, "io_queue_release");
}

int CountFds() {
  const auto end = std::filesystem::directory_iterator();
  int count = 0;
  for (std::filesystem::directory_iterator fds("/proc/thread-self/fd");
       fds != end; ++fds) {
    ++count;
  }
  return count;
}

// Polls that signal two eventfds, one of which has two fds.
void RingDoorbells() {
  int fds[2];
  Check(pipe(fds) == 0, "pipe");
  const int one = eventfd(0, 0), other = eventfd(0, 0), again = dup(one);
  const aio_context_t context = NewContext();
  const int before = CountFds();
  iocb poll = Block(IOCB_CMD_POLL, fds[0], nullptr, 0, 0);
  poll.aio_buf = POLLIN;
  poll.aio_flags = IOCB_FLAG_RESFD;
  iocb* block = &poll;
  for (int bell : {one, again, other, other, again, one}) {
    poll.aio_resfd = static_cast<uint32_t>(bell);
    Check(library->submit(context, 1, &block) == 1, "io_submit with RESFD");
  }
  const int ours = 2;  // Of the epoll thread.
  Check(CountFds() == before + 2 + ours, "a descriptor for each eventfd");
  Check(write(fds[1], "x", 1) == 1, "write");
  io_event events[6];
  Check(library->getevents(context, 6, 6, events, nullptr) == 6, "six events");
  uint64_t rung;
  Check(read(one, &rung, 8) == 8 && rung == 4, "the eventfd is rung");
  Check(read(other, &rung, 8) == 8 && rung == 2, "so is the other");
  Check(CountFds() == before + ours, "the descriptors are given back");
  Check(library->destroy(context) == 0, "io_destroy");
}

// Passes null and read-only addresses; each call returns EFAULT.
void UseBadAddresses() {
  char* const pages =
      static_cast<char*>(mmap(nullptr, 2 * kPageBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  char* const read_only = pages + kPageBytes;
  Check(mprotect(read_only, kPageBytes, PROT_READ) == 0, "mprotect");
  Check(
      library->setup(1, reinterpret_cast<aio_context_t*>(read_only)) == -EFAULT,
      "a context in read-only memory");
  Check(library->setup(1, nullptr) == -EFAULT, "a null context");
  const aio_context_t context = NewContext();
  iocb sync = Block(IOCB_CMD_FSYNC, fd, nullptr, 0, 0);
  sync.aio_key = 1;
  std::memcpy(pages, &sync, sizeof(sync));
  Check(mprotect(pages, kPageBytes, PROT_READ) == 0, "mprotect");
  iocb* blocks[] = {reinterpret_cast<iocb*>(pages), &sync};
  Check(library->submit(context, 1, blocks) == -EFAULT, "a read-only block");
  Check(library->submit(context, 1, blocks + 1) == 1, "a sync");
  Check(mprotect(pages, kPageBytes, PROT_READ | PROT_WRITE) == 0, "mprotect");
  const auto split = reinterpret_cast<io_event*>(read_only - 30);
  Check(library->getevents(context, 1, 1, split, nullptr) == -EFAULT,
        "an event that ends in read-only memory");
  io_event event;
  Check(library->getevents(context, 1, 1, &event, nullptr) == 1, "the event");
  Check(event.res == 0, "a sync");
  Check(library->destroy(context) == 0, "io_destroy");
}

// Works after the main thread has ended, when /proc/self and the pid are of no
// use.
void OutliveTheLeader() {
  std::thread([] {
    while (access("/proc/self/fd/0", F_OK) == 0) sched_yield();
    RingDoorbells();
    UseBadAddresses();
    Work();
    std::exit(0);
  }).detach();
  pthread_exit(nullptr);
}

// Works without the system calls that a container's filter may refuse.
void Filtered() {
  uasio::RefuseCalls({{SYS_io_setup, EPERM},
                      {SYS_io_submit, EPERM},
                      {SYS_process_vm_readv, EPERM},
                      {SYS_process_vm_writev, EPERM},
                      {SYS_kcmp, EPERM}});
  RingDoorbells();
  UseBadAddresses();
  Work();
}

// Submits cached reads, in the file and at its end, which io_submit() may
// perform itself.
void SubmitReads() {
  const aio_context_t context = NewContext();
  static char bytes[8192];
  iovec parts[] = {{bytes, 4096}, {bytes + 4096, 4096}};
  for (int flags : {0, RWF_NOWAIT}) {
    for (int64_t offset : {int64_t{0}, int64_t{kWrites * kBytes - 100}}) {
      iocb plain = Block(IOCB_CMD_PREAD, fd, bytes, sizeof(bytes), offset);
      iocb vector = Block(IOCB_CMD_PREADV, fd, parts, 2, offset);
      plain.aio_rw_flags = vector.aio_rw_flags = static_cast<uint32_t>(flags);
      iocb* blocks[] = {&plain, &vector};
      Check(library->submit(context, 2, blocks) == 2, "io_submit of reads");
      io_event events[2];
      Check(library->getevents(context, 2, 2, events, nullptr) == 2, "two");
    }
  }
  Check(library->destroy(context) == 0, "io_destroy");
}

// Works on a stack of 16 KiB.  The guard is large so that an overflow cannot
// skip it and hit other memory.
void SmallStack() {
  constexpr size_t kStackBytes = 16 << 10, kGuardBytes = 1 << 20;
  char* const guard =
      static_cast<char*>(mmap(nullptr, kGuardBytes + kStackBytes, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  char* const stack = guard + kGuardBytes;
  Check(mprotect(stack, kStackBytes, PROT_READ | PROT_WRITE) == 0, "mprotect");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, kStackBytes);
  pthread_t thread;
  auto main = [](void*) -> void* {
    Work();
    SubmitReads();
    return nullptr;
  };
  Check(pthread_create(&thread, &attributes, main, nullptr) == 0, "a thread");
  pthread_join(thread, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  Check(argc == 4, "client LIBRARY MODE FILE");
  const absl::flat_hash_map<std::string, void (*)()> modes = {
      {"work", &Work},
      {"exit", &ExitAtOnce},
      {"atexit", &SubmitInAtexit},
      {"waiting", &ExitWithWaiting},
      {"exec", &Exec},
      {"fork", &Fork},
      {"close", &CloseLibrary},
      {"errno", &KeepErrno},
      {"cancel", &Cancel},
      {"queue", &Queue},
      {"filtered", &Filtered},
      {"doorbells", &RingDoorbells},
      {"bad-addresses", &UseBadAddresses},
      {"leader-gone", &OutliveTheLeader},
      {"small-stack", &SmallStack},
  };
  fd = open(argv[3], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  Check(fd >= 0, argv[3]);
  static const Library found(argv[1]);  // Functions of atexit() need it.
  library = &found;
  modes.at(absl::StrCat(argv[2]))();
  return 0;
}
