// Makes system calls fail, as a container's seccomp filter does.

#ifndef UASIO_ASIO_TESTING_SECCOMP_H_
#define UASIO_ASIO_TESTING_SECCOMP_H_

#include <endian.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <vector>

namespace uasio {

struct RefusedCall {
  unsigned number;  // SYS_...
  unsigned error;   // The errno that it returns.
};

// Whether this machine has such filters; an emulator of one process has not.
inline bool CanRefuseCalls() { return prctl(PR_GET_SECCOMP) >= 0; }

// Where the low half of a 64-bit member of seccomp_data is.
constexpr size_t LowHalf(size_t offset) {
  return __BYTE_ORDER == __BIG_ENDIAN ? offset + 4 : offset;
}

inline void InstallFilter(std::vector<sock_filter>* code) {
  const sock_fprog program = {static_cast<unsigned short>(code->size()),
                              code->data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::abort();
  }
}

// Makes `calls` fail from now on, in this thread and in all processes and
// threads that it starts.  Call it in a child process: it cannot be undone.
inline void RefuseCalls(const std::vector<RefusedCall>& calls) {
  std::vector<sock_filter> code = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const RefusedCall& call : calls) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call.number, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | call.error));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  InstallFilter(&code);
}

// Makes pwritev2(2) and preadv2(2) with RWF_NOWAIT fail with EOPNOTSUPP from
// now on, as they do for sockets before Linux 6.5.  As RefuseCalls().
inline void RefuseNowait() {
  std::vector<sock_filter> code = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_preadv2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               LowHalf(offsetof(seccomp_data, args[5]))),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, RWF_NOWAIT, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  InstallFilter(&code);
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_SECCOMP_H_
