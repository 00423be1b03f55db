#include "workqueue/owner.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(OwnerTest, IsTheThreadThatMadeIt) {
  const Owner owner;
  EXPECT_TRUE(owner.IsThisThread());
  EXPECT_TRUE(owner.IsThisProcess());
}

TEST(OwnerTest, IsNoOtherThread) {
  const Owner owner;
  std::thread([&] {
    EXPECT_FALSE(owner.IsThisThread());
    EXPECT_TRUE(owner.IsThisProcess());
  }).join();
}

// The exit status of a child that runs `child`.
template <typename Child>
int StatusOfFork(Child child) {
  const pid_t pid = fork();
  if (pid == 0) _exit(child());
  int status = -1;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return status;
}

TEST(OwnerTest, IsNotThisProcessInAForkedChild) {
  const Owner owner;
  EXPECT_EQ(0, StatusOfFork([&] {
              return owner.IsThisThread() && !owner.IsThisProcess() ? 0 : 1;
            }));
  EXPECT_TRUE(owner.IsThisProcess());
}

TEST(OwnerTest, AnOwnerOfAForkedChildIsNotInTheGrandchild) {
  EXPECT_EQ(0, StatusOfFork([] {
              const Owner owner;
              return StatusOfFork([&] { return owner.IsThisProcess(); });
            }));
}

}  // namespace
}  // namespace uasio
