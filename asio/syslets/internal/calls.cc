// The table of system calls, in groups, each with its reason.  A call that is
// not in a group might block.

#include "asio/syslets/internal/calls.h"

#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "asio/syslets/syslet.h"

// Calls that only older architectures have.
#ifdef SYS_open
#define UASIO_OLD_OPEN SYS_open
#define UASIO_OLD_REFUSED SYS_fork, SYS_vfork, SYS_pause,
#define UASIO_OLD_NEVER_BLOCKS \
  SYS_getpgrp, SYS_pipe, SYS_eventfd, SYS_epoll_create,
#else
#define UASIO_OLD_OPEN SYS_openat
#define UASIO_OLD_REFUSED
#define UASIO_OLD_NEVER_BLOCKS
#endif

// Calls that one architecture has, or a few.
#if defined(SYS_arch_prctl)  // x86.
#define UASIO_ARCH_REFUSED \
  SYS_arch_prctl, SYS_modify_ldt, SYS_set_thread_area, SYS_iopl, SYS_ioperm,
#define UASIO_ARCH_NEVER_BLOCKS SYS_time,
#elif defined(SYS_s390_guarded_storage)
#define UASIO_ARCH_REFUSED                                         \
  SYS_s390_guarded_storage, SYS_s390_runtime_instr, SYS_sigreturn, \
      SYS_sigprocmask, SYS_sigsuspend,
#define UASIO_ARCH_NEVER_BLOCKS
#else
#define UASIO_ARCH_REFUSED
#define UASIO_ARCH_NEVER_BLOCKS
#endif

namespace uasio {
namespace syslets {
namespace {

// May be newer than the headers; all architectures share the numbers.
constexpr long kSysIoUringEnter = 426;
constexpr long kSysLsmSetSelfAttr = 460;

constexpr long kRefused[] = {
    UASIO_OLD_REFUSED UASIO_ARCH_REFUSED
        // They end the thread or the process, start another program, or return
        // a second time into a worker's stack.
        SYS_exit,
    SYS_exit_group,
    SYS_execve,
    SYS_execveat,
    SYS_clone,
    SYS_clone3,
    SYS_rt_sigreturn,
    // They change what the C library records about the calling thread.
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_rseq,
    // They change the calling thread's credentials, or may give it a new
    // keyring with new credentials.  Workers must not differ in what they may
    // do.
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_setgroups,
    SYS_capset,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    kSysLsmSetSelfAttr,
    // They confine the calling thread, trace it, or separate it from the
    // process.
    SYS_prctl,
    SYS_seccomp,
    SYS_landlock_restrict_self,
    SYS_ptrace,
    SYS_personality,
    SYS_unshare,
    SYS_setns,
    SYS_close_range,
    // They change the calling thread's signals, or wait for one (as does pause,
    // above).  Workers block all signals, so that none would ever come.
    SYS_rt_sigprocmask,
    SYS_rt_sigsuspend,
    SYS_sigaltstack,
    // They change when and where the calling thread runs, or its memory rights.
    SYS_sched_setparam,
    SYS_sched_setscheduler,
    SYS_sched_setattr,
    SYS_sched_setaffinity,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_set_mempolicy,
    SYS_pkey_alloc,
};

constexpr long kNeverBlocks[] = {
    UASIO_OLD_NEVER_BLOCKS UASIO_ARCH_NEVER_BLOCKS
        // They read numbers from the kernel's memory.
        SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getpgid,
    SYS_getsid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getresuid,
    SYS_getresgid,
    SYS_getgroups,
    SYS_getpriority,
    SYS_getrlimit,
    SYS_getrusage,
    SYS_times,
    SYS_uname,
    SYS_sysinfo,
    SYS_gettimeofday,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_getcpu,
    // They change a number in the kernel's memory.
    SYS_umask,
    SYS_sched_yield,
    // It reads the inode, which an open file keeps in memory.  (A network file
    // system may ask its server.)
    SYS_fstat,
    // They create an fd and use memory only.
    SYS_dup,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_epoll_create1,
    SYS_timerfd_create,
    // They set or read a timer, and do not wait for it.
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
};

constexpr long kWrites[] = {
    SYS_write,           SYS_pwrite64,     SYS_writev,   SYS_pwritev,
    SYS_pwritev2,        SYS_sendto,       SYS_sendmsg,  SYS_sendmmsg,
    SYS_sendfile,        SYS_splice,       SYS_tee,      SYS_vmsplice,
    SYS_copy_file_range, SYS_ftruncate,    SYS_truncate, SYS_fallocate,
    SYS_io_submit,       kSysIoUringEnter,
};

// Each architecture's own numbers end at kArchLast; those that all share begin
// at kSharedFirst.  What later kernels add behind kSharedLast is kUnknown.
constexpr unsigned long kArchLast =
    SYS_rseq > SYS_kexec_file_load ? SYS_rseq : SYS_kexec_file_load;
constexpr unsigned long kSharedFirst = 424;
constexpr unsigned long kSharedLast = 469;  // file_setattr, of Linux 6.17.

using Table = std::array<CallKind, kSharedLast + 1>;

template <size_t kCount>
constexpr void SetKind(Table* table, const long (&numbers)[kCount],
                       CallKind kind) {
  for (const long nr : numbers) (*table)[static_cast<size_t>(nr)] = kind;
}

constexpr Table MakeTable() {
  Table table = {};
  for (unsigned long nr = kArchLast + 1; nr < kSharedFirst; ++nr) {
    table[nr] = CallKind::kUnknown;
  }
  SetKind(&table, kRefused, CallKind::kRefused);
  SetKind(&table, kNeverBlocks, CallKind::kNeverBlocks);
  table[UASIO_OLD_OPEN] = CallKind::kOpen;
  table[SYS_openat] = CallKind::kOpenat;
  table[SYS_read] = CallKind::kRead;
  table[SYS_pread64] = CallKind::kPread;
  table[SYS_close] = CallKind::kClose;
  table[SYS_lseek] = CallKind::kLseek;
  table[SYS_fcntl] = CallKind::kFcntl;
  return table;
}

constexpr Table kTable = MakeTable();

}  // namespace

CallKind KindOf(unsigned long nr) {
  if (nr <= kSharedLast) return kTable[nr];
  return nr == SYSLET_NR_UMEM_ADD ? CallKind::kUmemAdd : CallKind::kUnknown;
}

bool MayRaiseWriteSignals(unsigned long nr) {
  return std::find(std::begin(kWrites), std::end(kWrites),
                   static_cast<long>(nr)) != std::end(kWrites);
}

}  // namespace syslets
}  // namespace uasio
