// A simulated crash undoes the writes that no sync has covered, and no others.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "asio/backends/fault_testing.h"
#include "asio/backends/table.h"
#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/testing/fd.h"
#include "asio/testing/manual_backend.h"
#include "asio/testing/requests.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using Kind = FaultOptions::Kind;

FaultOptions CanCrash(FaultOptions options = {}) {
  options.can_crash = true;
  return options;
}

class CrashTest : public testing::Test {
 protected:
  void Write(FaultyQueue* q, int fd, int64_t offset, const std::string& bytes) {
    Request* w = SubmitWrite(&q->queue, Op::kWrite, fd, offset, bytes);
    EXPECT_EQ(Finish(&q->queue, w), static_cast<int64_t>(bytes.size()));
  }
  void WriteWith(int flags, FaultyQueue* q, int64_t offset,
                 const std::string& bytes) {
    Request* w = PrepareWrite(&q->queue, Op::kWrite, file_.fd(), offset, bytes);
    w->flags = flags;
    q->queue.Submit(w);
    EXPECT_EQ(Finish(&q->queue, w), static_cast<int64_t>(bytes.size()));
  }
  void Sync(FaultyQueue* q, int fd) {
    EXPECT_EQ(Finish(&q->queue, Submit(&q->queue, Op::kFdatasync, fd)), 0);
  }
  void Crash(FaultyQueue* q) {
    const absl::Status status = q->faults->Crash();
    EXPECT_TRUE(status.ok()) << status;
  }

  // Not by the queue, whose sync would wait for the one write that is running.
  void SyncAtOnce(FaultBackend* faults, int fd, ManualBackend* wrapped) {
    Request sync;
    sync.op = Op::kFsync;
    sync.fd = fd;
    Request* const batch[] = {&sync};
    faults->Start(batch);
    wrapped->Finish(wrapped->running[1]);
    Completion done;
    ASSERT_EQ(faults->Reap(absl::MakeSpan(&done, 1), 1, kNoDeadline), 1u);
  }

  const ScratchFile file_{"0123456789"};
};

TEST_F(CrashTest, UnsyncedWritesAreLostAndSyncedOnesStay) {
  FaultyQueue q(CanCrash());
  Write(&q, file_.fd(), 0, "aa");
  Sync(&q, file_.fd());
  Write(&q, file_.fd(), 4, "bb");
  EXPECT_EQ(file_.Contents(), "aa23bb6789");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "aa23456789");
  Crash(&q);  // There is nothing left to undo.
  EXPECT_EQ(file_.Contents(), "aa23456789");
}

TEST_F(CrashTest, OverlappingWritesAreUndoneInReverseOrder) {
  FaultyQueue q(CanCrash());
  Write(&q, file_.fd(), 0, "aaaa");
  Sync(&q, file_.fd());
  Write(&q, file_.fd(), 2, "bbbb");
  Write(&q, file_.fd(), 4, "cccc");
  EXPECT_EQ(file_.Contents(), "aabbcccc89");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "aaaa456789");
}

TEST_F(CrashTest, FilesThatGrewAreTruncated) {
  FaultyQueue q(CanCrash());
  Write(&q, file_.fd(), 8, "abcd");
  Sync(&q, file_.fd());
  Write(&q, file_.fd(), 11, "xyz");
  Write(&q, file_.fd(), 100, "far");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "01234567abcd");
}

// A crash once made a file as long as the block that was restored.
TEST_F(CrashTest, WhatWasTruncatedStaysTruncated) {
  FaultyQueue q(CanCrash());
  Write(&q, file_.fd(), 4, "abcd");
  ASSERT_EQ(ftruncate(file_.fd(), 6), 0);
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "012345");
}

TEST_F(CrashTest, AFileThatGrewAndWasTruncatedDoesNotGrowAgain) {
  FaultyQueue q(CanCrash());
  Write(&q, file_.fd(), 8, "abcd");
  ASSERT_EQ(ftruncate(file_.fd(), 5), 0);
  Write(&q, file_.fd(), 7, "xyz");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "01234");
}

TEST_F(CrashTest, AppendsAndWritesAtTheFilePositionAreUndone) {
  FaultyQueue q(CanCrash(Rate(Fault::kShort, 1)));
  const Fd append = file_.Open(O_WRONLY | O_APPEND);
  const Fd other = file_.Open(O_WRONLY);
  ASSERT_EQ(lseek(other.get(), 3, SEEK_SET), 3);
  Write(&q, append.get(), 0, "abcd");
  Write(&q, other.get(), kFilePosition, "xy");
  EXPECT_EQ(file_.Contents(), "012xy56789abcd");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
}

TEST_F(CrashTest, AWriteWithRwfAppendIsUndoneWhereItWrote) {
  FaultyQueue q(CanCrash(Rate(Fault::kShort, 1)));
  WriteWith(RWF_APPEND, &q, 0, "abcd");
  EXPECT_EQ(file_.Contents(), "0123456789abcd");
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
}

TEST_F(CrashTest, AWriteWithRwfDsyncOrRwfSyncStays) {
  for (const int flag : {RWF_DSYNC, RWF_SYNC}) {
    FaultyQueue q(CanCrash());
    WriteWith(flag, &q, 2, "abcd");
    Write(&q, file_.fd(), 4, "xyz");
    Crash(&q);
    EXPECT_EQ(file_.Contents(), "01abcd6789");
  }
}

TEST_F(CrashTest, ASyncCoversItsOwnFdOnly) {
  FaultyQueue q(CanCrash());
  const ScratchFile other("0123456789");
  Write(&q, file_.fd(), 0, "a");
  Write(&q, other.fd(), 0, "b");
  Sync(&q, other.fd());
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
  EXPECT_EQ(other.Contents(), "b123456789");
}

TEST_F(CrashTest, AFailedSyncCoversNothing) {
  FaultyQueue q(CanCrash(Script(Kind::kSync, 1, Fault::kIoError)));
  Write(&q, file_.fd(), 0, "a");
  EXPECT_EQ(Finish(&q.queue, Submit(&q.queue, Op::kFsync, file_.fd())), -EIO);
  q.queue.ClearErrors(file_.fd());
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
}

// The crash log could not record writes by the workers.
TEST_F(CrashTest, WritesMeantForTheWorkersAreUndoneToo) {
  for (const Fault fault : {Fault::kRefusal, Fault::kTryAgain}) {
    FaultyQueue q(CanCrash(Rate(fault, 1)));
    Write(&q, file_.fd(), 0, "aa");
    Sync(&q, file_.fd());
    Write(&q, file_.fd(), 1, "bb");
    EXPECT_EQ(q.faults->count(fault), 3u);
    EXPECT_EQ(q.pool.threads(), 0u);
    Crash(&q);
    EXPECT_EQ(file_.Contents(), "aa23456789");
  }
}

TEST_F(CrashTest, ShortWritesAreUndone) {
  FaultyQueue q(CanCrash(Rate(Fault::kShort, 1)));
  Write(&q, file_.fd(), 5, "abcdefghijk");
  EXPECT_GT(q.faults->count(Fault::kShort), 1u);
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
}

TEST_F(CrashTest, AFailedWriteDoesNotExtendTheFile) {
  FaultyQueue q(CanCrash());
  const Fd read_only = file_.Open(O_RDONLY);
  Request* w = SubmitWrite(&q.queue, Op::kWrite, read_only.get(), 100, "x");
  EXPECT_EQ(Finish(&q.queue, w), -EBADF);
  Sync(&q, read_only.get());
  Crash(&q);
  EXPECT_EQ(file_.Contents(), "0123456789");
}

TEST_F(CrashTest, AWriteToAClosedFdGivesEbadf) {
  FaultyQueue q(CanCrash());
  Fd closed = file_.Open(O_RDWR);
  const int fd = closed.get();
  closed.Close();
  Request* w = SubmitWrite(&q.queue, Op::kWrite, fd, 0, "x");
  EXPECT_EQ(Finish(&q.queue, w), -EBADF);
}

// Both writes start while the file is empty.  The sync covers only the one at
// the higher offset.
TEST_F(CrashTest, AnUnsyncedWriteBeforeASyncedOneLeavesZeros) {
  auto held = std::make_unique<ManualBackend>();
  ManualBackend* wrapped = held.get();
  FaultyQueue q(CanCrash(), std::move(held));
  const ScratchFile file;
  Request* behind = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 4, "bbbb");
  Request* before = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "aaaa");
  wrapped->Finish(wrapped->running[0]);
  EXPECT_EQ(Finish(&q.queue, behind), 4);
  SyncAtOnce(q.faults, file.fd(), wrapped);
  wrapped->FinishAll();
  EXPECT_EQ(Finish(&q.queue, before), 4);
  Crash(&q);
  EXPECT_EQ(file.Contents(), std::string(4, '\0') + "bbbb");
}

// Both writes start while the file is empty; of the one that the sync covers,
// the last byte has been cut as padding.
TEST_F(CrashTest, ASyncedFileHasTheSizeThatItWasCutTo) {
  auto held = std::make_unique<ManualBackend>();
  ManualBackend* wrapped = held.get();
  FaultyQueue q(CanCrash(), std::move(held));
  const ScratchFile file;
  Request* padded = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 0, "aaa0");
  Request* behind = SubmitWrite(&q.queue, Op::kWrite, file.fd(), 8, "bbbb");
  wrapped->Finish(wrapped->running[0]);
  EXPECT_EQ(Finish(&q.queue, padded), 4);
  ASSERT_EQ(ftruncate(file.fd(), 3), 0);
  SyncAtOnce(q.faults, file.fd(), wrapped);
  wrapped->FinishAll();
  EXPECT_EQ(Finish(&q.queue, behind), 4);
  Crash(&q);
  EXPECT_EQ(file.Contents(), "aaa");
}

// Also on kaio and uring, which write directly and may refuse requests.
TEST_F(CrashTest, DirectWritesAreUndone) {
  for (const BackendVerdict& verdict : ProbeBackends()) {
    if (verdict.name == "worker" || !verdict.status.ok()) continue;
    auto wrapped = NewBackend(verdict.name, 64);
    ASSERT_TRUE(wrapped.ok()) << wrapped.status();
    FaultyQueue q(CanCrash(), *std::move(wrapped));
    const std::string old(2 * kBufferAlignment, 'o');
    const ScratchFile scratch(old);
    auto file = File::Open(scratch.path(), O_RDWR);
    ASSERT_TRUE(file.ok()) << file.status();
    const std::string block(kBufferAlignment, 'n');
    Write(&q, file->fd(), 0, block);
    Sync(&q, file->fd());
    Write(&q, file->fd(), kBufferAlignment, block + block);
    EXPECT_EQ(scratch.Contents(), block + block + block) << verdict.name;
    Crash(&q);
    EXPECT_EQ(scratch.Contents(), block + old.substr(kBufferAlignment))
        << verdict.name;
  }
}

}  // namespace
}  // namespace uasio
