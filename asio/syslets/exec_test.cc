// What syslet_exec() runs, in which thread, and what it refuses.

#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "asio/syslets/syslet.h"
#include "asio/syslets/syslet_testing.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslet_testing::Add;
using syslet_testing::Atom;
using syslet_testing::kBadFd;
using syslet_testing::kMightBlock;
using syslet_testing::TestHead;
using syslet_testing::Values;

TEST(ExecTest, ReturnsTheFinalAtomOfACallerRunAndLeavesTheRingEmpty) {
  TestHead head;
  long result = -1;
  syslet_uatom atoms[2] = {Atom(SYS_sched_yield),
                           Atom(SYS_getpid, {}, &result)};
  atoms[0].next = &atoms[1];
  EXPECT_EQ(syslet_exec(atoms), &atoms[1]);
  EXPECT_EQ(result, getpid());
  EXPECT_EQ(syslet_wait(1), 0);
  EXPECT_EQ(head.Slot(0), nullptr);
}

TEST(ExecTest, RefusesANullAtom) {
  const TestHead head;
  EXPECT_EQ(syslet_error(syslet_exec(nullptr)), -EFAULT);
}

TEST(ExecTest, LeavesTheCallerAtTheFirstCallThatMightBlock) {
  TestHead head;
  long before = 0, after = 0, bad = 0;
  unsigned long fd = kBadFd;
  syslet_uatom atoms[3] = {Atom(SYS_gettid, {}, &before),
                           Atom(kMightBlock, {&fd}, &bad),
                           Atom(SYS_gettid, {}, &after)};
  atoms[0].next = &atoms[1];
  atoms[1].next = &atoms[2];
  EXPECT_EQ(head.RunToEnd(atoms), &atoms[2]);
  EXPECT_EQ(before, gettid());
  EXPECT_EQ(bad, -EBADF);
  EXPECT_GT(after, 0);
  EXPECT_NE(after, before);
}

TEST(ExecTest, AsyncNeverRunsInTheCaller) {
  TestHead head;
  long ids[3] = {};
  syslet_uatom atoms[3] = {Atom(SYS_gettid, {}, &ids[0]),
                           Atom(SYS_gettid, {}, &ids[1], SYSLET_ASYNC),
                           Atom(SYS_gettid, {}, &ids[2], SYSLET_SYNC)};
  atoms[0].next = &atoms[1];
  atoms[1].next = &atoms[2];
  EXPECT_EQ(syslet_exec(atoms), nullptr);
  EXPECT_EQ(head.WaitAndTake(), &atoms[2]);
  EXPECT_EQ(ids[0], gettid());
  EXPECT_NE(ids[1], gettid());
  EXPECT_EQ(ids[2], ids[1]);  // SYNC does not move it back.
}

TEST(ExecTest, SyncNeverLeavesTheCaller) {
  const TestHead head;
  long id = 0;
  unsigned long fd = kBadFd;
  syslet_uatom atoms[3] = {Atom(kMightBlock, {&fd}, nullptr, SYSLET_SYNC),
                           Atom(kMightBlock, {&fd}),  // SYNC still holds.
                           Atom(SYS_gettid, {}, &id)};
  atoms[0].next = &atoms[1];
  atoms[1].next = &atoms[2];
  EXPECT_EQ(syslet_exec(atoms), &atoms[2]);
  EXPECT_EQ(id, gettid());
}

TEST(ExecTest, AnAtomMayBeTruncatedBehindItsFirstNullArgument) {
  const TestHead head;
  const long page = sysconf(_SC_PAGESIZE);
  char* memory = static_cast<char*>(mmap(nullptr, static_cast<size_t>(2 * page),
                                         PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, static_cast<size_t>(page), PROT_NONE), 0);
  unsigned long number = 1;
  unsigned long* address = &number;
  const size_t size = offsetof(syslet_uatom, arg_ptr) + 2 * sizeof(long);
  const syslet_uatom atom = Add(&address, nullptr);
  void* at = memory + page - size;
  std::memcpy(at, &atom, size);
  EXPECT_EQ(syslet_exec(static_cast<syslet_uatom*>(at)), at);
  EXPECT_EQ(number, 1u);
  munmap(memory, static_cast<size_t>(2 * page));
}

TEST(ExecTest, PassesSixArguments) {
  const TestHead head;
  Values values;
  int word = 7, other = 0;
  long result = -1;
  syslet_uatom atom =
      Atom(SYS_futex,
           {values.Of(&word), values.Of(FUTEX_CMP_REQUEUE_PRIVATE * 1ul),
            values.Of(0ul), values.Of(0ul), values.Of(&other), values.Of(7ul)},
           &result, SYSLET_SYNC);
  EXPECT_EQ(syslet_exec(&atom), &atom);
  EXPECT_EQ(result, 0);  // The sixth is what the first points to.
  word = 8;
  EXPECT_EQ(syslet_exec(&atom), &atom);
  EXPECT_EQ(result, -EAGAIN);
}

TEST(ExecTest, AnAtomIsReadWhenItRuns) {
  const TestHead head;
  unsigned long number = 0, one = 1;
  unsigned long* address = &number;
  syslet_uatom atoms[2] = {Add(&address, &one), Add(&address, &one)};
  // The first atom's result makes the second one's number an unknown call.
  atoms[0].ret_ptr = reinterpret_cast<long*>(&atoms[1].nr);
  atoms[0].next = &atoms[1];
  number = 399;
  long result = 0;
  atoms[1].ret_ptr = &result;
  EXPECT_EQ(syslet_exec(atoms), &atoms[1]);
  EXPECT_EQ(result, -ENOSYS);

  // The atom's result changes its own flags, which count from its next run on.
  unsigned long flags = 0, stop = SYSLET_STOP_ON_NONZERO;
  unsigned long* flags_address = &flags;
  syslet_uatom own = Add(&flags_address, &stop);
  own.ret_ptr = reinterpret_cast<long*>(&own.flags);
  own.next = &own;
  EXPECT_EQ(syslet_exec(&own), &own);
  EXPECT_EQ(flags, 2 * stop);  // It ran twice.
}

TEST(ExecTest, AnUnknownNumberFailsWithENOSYS) {
  const TestHead head;
  // Behind the last number; in the gap (335 ends the process that calls it);
  // with the x32 ABI's bit, and its own numbers.
  for (const unsigned long nr :
       {470ul, 4711ul, 335ul, 423ul, 0x40000000ul, 0x40000000ul + SYS_getpid,
        512ul, 520ul, SYSLET_NR_UMEM_ADD + 1, ~0UL}) {
    long result = 0;
    syslet_uatom atom = Atom(nr, {}, &result);
    EXPECT_EQ(syslet_exec(&atom), &atom) << nr;
    EXPECT_EQ(result, -ENOSYS) << nr;
  }
}

TEST(ExecTest, ARefusedCallAnywhereInTheSysletLetsNothingRun) {
  const TestHead head;
  for (const long nr :
       {SYS_exit, SYS_exit_group, SYS_execve, SYS_execveat, SYS_clone,
        SYS_clone3, SYS_rt_sigreturn, SYS_setuid, SYS_setgroups, SYS_capset,
        SYS_rt_sigprocmask, SYS_set_tid_address, SYS_set_robust_list, SYS_rseq,
        SYS_unshare, SYS_setns, SYS_seccomp, SYS_prctl, SYS_ptrace}) {
    for (const unsigned long place : {0, SYSLET_ASYNC, SYSLET_SYNC}) {
      unsigned long number = 0, one = 1;
      unsigned long* address = &number;
      // Behind a loop, and behind a branch that is never taken.
      syslet_uatom atoms[3] = {
          Add(&address, &one,
              SYSLET_STOP_ON_NEGATIVE | SYSLET_SKIP_TO_NEXT_ON_STOP | place),
          Atom(static_cast<unsigned long>(nr)), Add(&address, &one)};
      atoms[0].next = &atoms[2];
      atoms[2].next = &atoms[0];
      EXPECT_EQ(syslet_error(syslet_exec(atoms)), -EPERM) << nr;
      EXPECT_EQ(number, 0u);
    }
  }
}

TEST(ExecTest, AnAtomThatBecomesARefusedCallIsNotMade) {
  TestHead head;
  for (const unsigned long place : {SYSLET_SYNC, SYSLET_ASYNC}) {
    unsigned long number = SYS_exit_group - 1, one = 1;
    unsigned long* address = &number;
    long result = 0;
    syslet_uatom atoms[2] = {Add(&address, &one, place),
                             Atom(SYS_sched_yield, {}, &result)};
    atoms[0].ret_ptr = reinterpret_cast<long*>(&atoms[1].nr);
    atoms[0].next = &atoms[1];
    EXPECT_EQ(head.RunToEnd(atoms), &atoms[1]);
    EXPECT_EQ(result, -EPERM);
  }
}

TEST(ExecTest, AnEndlessLoopEndsWithELOOPInTheAtomBeyondTheBound) {
  TestHead head;
  for (const unsigned long place : {SYSLET_SYNC, SYSLET_ASYNC}) {
    unsigned long number = 0, one = 1;
    unsigned long* address = &number;
    long first = 0, second = 0;
    syslet_uatom atoms[2] = {Add(&address, &one, place), Add(&address, &one)};
    atoms[0].next = &atoms[1];
    atoms[1].next = &atoms[0];
    atoms[0].ret_ptr = &first;
    atoms[1].ret_ptr = &second;
    ASSERT_EQ(syslet_set_atoms_max(1001), 0);
    EXPECT_EQ(head.RunToEnd(atoms), &atoms[1]);
    EXPECT_EQ(number, 1001u);
    EXPECT_EQ(first, 1001);
    EXPECT_EQ(second, -ELOOP);
  }
  EXPECT_EQ(syslet_set_atoms_max(0), -EINVAL);
}

TEST(ExecTest, SkippingDoesNotPassTheBound) {
  TestHead head;
  ASSERT_EQ(syslet_set_atoms_max(1), 0);
  syslet_uatom atoms[3] = {
      Atom(SYS_sched_yield),
      Atom(SYS_sched_yield, {}, nullptr,
           SYSLET_STOP_ON_NEGATIVE | SYSLET_SKIP_TO_NEXT_ON_STOP),
      Atom(SYS_sched_yield)};
  atoms[0].next = &atoms[1];
  EXPECT_EQ(head.RunToEnd(atoms), &atoms[1]);
}

TEST(ExecTest, TheDefaultBoundIsAMillionAtoms) {
  TestHead head;
  unsigned long number = 0, one = 1;
  unsigned long* address = &number;
  syslet_uatom atom = Add(&address, &one);
  atom.next = &atom;
  EXPECT_EQ(head.RunToEnd(&atom), &atom);
  EXPECT_EQ(number, SYSLET_ATOMS_MAX_DEFAULT);
}

TEST(UmemAddTest, AddsAndReturnsTheNewValue) {
  unsigned long number = 5;
  EXPECT_EQ(syslet_umem_add(&number, 3), 8);
  EXPECT_EQ(syslet_umem_add(&number, ~0UL), 7);
  EXPECT_EQ(syslet_umem_add(&number, -10ul), -3);
  EXPECT_EQ(number, -3ul);
  EXPECT_EQ(syslet_umem_add(nullptr, 1), -EFAULT);
  EXPECT_EQ(syslet_umem_add(reinterpret_cast<unsigned long*>(
                                reinterpret_cast<char*>(&number) + 1),
                            1),
            -EINVAL);
}

TEST(UmemAddTest, IsAtomic) {
  constexpr unsigned long kRounds = 20000;
  TestHead head;
  unsigned long number = 0, one = 1, rounds[2] = {}, minus_one = ~0UL;
  unsigned long* address = &number;
  unsigned long* left[2] = {&rounds[0], &rounds[1]};
  std::vector<syslet_uatom> atoms;
  for (unsigned long** counter : {&left[0], &left[1]}) {
    **counter = kRounds;
    atoms.push_back(Add(&address, &one, SYSLET_ASYNC));
    atoms.push_back(Add(counter, &minus_one, SYSLET_STOP_ON_ZERO));
  }
  for (size_t i : {0, 2}) {
    atoms[i].next = &atoms[i + 1];
    atoms[i + 1].next = &atoms[i];
    ASSERT_EQ(syslet_exec(&atoms[i]), nullptr);
  }
  for (unsigned long i = 0; i < kRounds; ++i) syslet_umem_add(&number, 1);
  EXPECT_EQ(syslet_wait(2), 2);
  EXPECT_EQ(number, 3 * kRounds);
}

}  // namespace
}  // namespace uasio
