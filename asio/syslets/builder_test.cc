#include "asio/syslets/builder.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "asio/testing/child.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using syslets::Var;

std::unique_ptr<SysletHead> Register(const SysletHeadOptions& options = {}) {
  absl::StatusOr<std::unique_ptr<SysletHead>> head =
      SysletHead::Register(options);
  EXPECT_TRUE(head.ok()) << head.status();
  return *std::move(head);
}

// Runs a syslet to its end, here or in a worker, and returns its final atom.
syslet_uatom* RunToEnd(SysletHead* head, syslet_uatom* first) {
  absl::StatusOr<syslet_uatom*> last = head->Exec(first);
  EXPECT_TRUE(last.ok()) << last.status();
  if (last.ok() && *last != nullptr) return *last;
  EXPECT_EQ(head->Wait(1), 1u);
  return head->Take();
}

TEST(SysletBuilderTest, OneAtomUsesTheResultOfAnother) {
  const Scratch scratch;
  const std::string path = scratch.NewFile("data", Pattern(1000));
  const auto head = Register();
  for (const unsigned long place : {0, SYSLET_ASYNC, SYSLET_SYNC}) {
    long fd = -1, bytes = -1, closed = -1;
    char buffer[2000];
    SysletBuilder builder;
    builder.Call(SYS_openat, {AT_FDCWD, path.c_str(), O_RDONLY})
        .Returns(&fd)
        .If(SYSLET_STOP_ON_NEGATIVE)
        .With(place);
    builder.Call(SYS_read, {Var(&fd), buffer, sizeof(buffer)}).Returns(&bytes);
    builder.Call(SYS_close, {Var(&fd)}).Returns(&closed);
    Syslet syslet = builder.Build();
    Syslet moved = std::move(syslet);
    EXPECT_EQ(moved.IndexOf(RunToEnd(head.get(), moved.first())), 2u);
    EXPECT_EQ(bytes, 1000);
    EXPECT_EQ(std::string(buffer, 1000), Pattern(1000));
    EXPECT_EQ(closed, 0);
  }
}

static_assert(!std::is_copy_constructible_v<Syslet> &&
                  !std::is_copy_assignable_v<Syslet>,
              "a copy's atoms would point into the original");

TEST(SysletBuilderTest, ThenAndSkipMakeLoopsAndBranches) {
  const auto head = Register();
  unsigned long left = 10, sum = 0, wrong = 0;
  SysletBuilder builder;
  const size_t loop = builder.index();
  builder.Call(SYSLET_NR_UMEM_ADD, {&sum, Var(&left)});
  builder.Call(SYSLET_NR_UMEM_ADD, {&left, -1})
      .If(SYSLET_STOP_ON_ZERO | SYSLET_SKIP_TO_NEXT_ON_STOP)
      .Then(loop);
  builder.Call(SYS_sched_yield, {}).Ends().Private(&sum);
  builder.Call(SYSLET_NR_UMEM_ADD, {&wrong, 1});
  Syslet syslet = builder.Build();
  syslet_uatom* last = RunToEnd(head.get(), syslet.first());
  EXPECT_EQ(last, syslet.at(2));
  EXPECT_EQ(last->private_, &sum);
  EXPECT_EQ(sum, 55u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(builder.index(), 0u);
}

TEST(SysletHeadTest, AFullRingIsUnavailable) {
  SysletHeadOptions options;
  options.slots = 1;
  const auto head = Register(options);
  SysletBuilder builder;
  builder.Call(SYS_fsync, {-1});
  Syslet syslet = builder.Build();
  EXPECT_EQ(*head->Exec(syslet.first()), nullptr);
  EXPECT_EQ(head->Wait(1), 1u);
  const absl::Status status = head->Exec(syslet.first()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("EAGAIN"), std::string::npos) << status;
  EXPECT_EQ(head->Take(), syslet.first());
  EXPECT_EQ(head->Take(), nullptr);
  EXPECT_EQ(RunToEnd(head.get(), syslet.first()), syslet.first());
}

TEST(SysletHeadTest, ARefusedCallIsPermissionDenied) {
  const auto head = Register();
  SysletBuilder builder;
  builder.Call(SYS_exit_group, {0});
  Syslet syslet = builder.Build();
  EXPECT_EQ(head->Exec(syslet.first()).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(SysletHeadTest, AThreadHasAtMostOneHead) {
  const auto head = Register();
  EXPECT_EQ(SysletHead::Register({}).status().code(),
            absl::StatusCode::kAlreadyExists);
  std::thread([] { Register(); }).join();
}

TEST(SysletHeadTest, AtomsMaxBoundsTheAtomsOfOneExec) {
  SysletHeadOptions options;
  options.atoms_max = 5;
  const auto head = Register(options);
  unsigned long count = 0;
  SysletBuilder builder;
  builder.Call(SYSLET_NR_UMEM_ADD, {&count, 1}).Then(0);
  Syslet syslet = builder.Build();
  RunToEnd(head.get(), syslet.first());
  EXPECT_EQ(count, 5u);
}

TEST(SysletHeadTest, ACompletionMakesTheEventFdReadable) {
  const auto head = Register();
  const absl::StatusOr<int> fd = head->event_fd();
  ASSERT_TRUE(fd.ok()) << fd.status();
  SysletBuilder builder;
  builder.Call(SYS_fsync, {-1});
  Syslet syslet = builder.Build();
  ASSERT_TRUE(head->Exec(syslet.first()).ok());
  pollfd poll_fd = {*fd, POLLIN, 0};
  EXPECT_EQ(poll(&poll_fd, 1, 30000), 1);
  EXPECT_EQ(head->Take(), syslet.first());
}

TEST(SysletHeadTest, AForkedChildDestroysItsParentsHead) {
  auto head = Register();
  const ChildOutcome child = RunInChild([&] {
    head = nullptr;
    return 0;
  });
  EXPECT_EQ(child.status, 0);
  EXPECT_EQ(child.printed, "");
}

TEST(SysletDeathTest, BrokenRulesAreNamed) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(SysletBuilder().Build(), "needs at least one atom");
  EXPECT_DEATH(SysletBuilder().Call(SYS_getpid, {1, 2, 3, 4, 5, 6, 7}),
               "at most six arguments");
  EXPECT_DEATH(
      {
        SysletBuilder builder;
        builder.Call(SYS_getpid, {}).Then(1);
        builder.Build();
      },
      "must name an atom");
  EXPECT_DEATH(
      {
        SysletBuilder builder;
        builder.Call(SYS_getpid, {})
            .If(SYSLET_STOP_ON_NEGATIVE | SYSLET_SKIP_TO_NEXT_ON_STOP);
        builder.Build();
      },
      "the last atom must not skip");
  EXPECT_DEATH(
      {
        auto head = Register();
        std::thread([&] { head->Wait(0); }).join();
      },
      "only the thread that registered it");
  EXPECT_DEATH(
      {
        auto head = Register();
        std::thread([&] { head->Take(); }).join();
      },
      "only the thread that registered it");
}

}  // namespace
}  // namespace uasio
