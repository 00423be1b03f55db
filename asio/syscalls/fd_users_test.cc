#include "asio/syscalls/fd_users.h"

#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(FdUsersTest, EachFdHasACounterOfItsOwn) {
  FdUsers* users = GetFdUsers(1000);
  ASSERT_NE(users, nullptr);
  EXPECT_EQ(GetFdUsers(1000), users);
  ++*users;
  EXPECT_TRUE(HasFdUsers(1000));
  EXPECT_FALSE(HasFdUsers(999));
  EXPECT_FALSE(HasFdUsers(1000 + 256));
  --*users;
  EXPECT_FALSE(HasFdUsers(1000));
}

TEST(FdUsersTest, AnFdOutOfBoundsHasNone) {
  for (const int fd : {-1, static_cast<int>(kFdsMax), INT_MAX, INT_MIN}) {
    EXPECT_EQ(GetFdUsers(fd), nullptr) << fd;
    EXPECT_FALSE(HasFdUsers(fd)) << fd;
  }
  EXPECT_NE(GetFdUsers(static_cast<int>(kFdsMax) - 1), nullptr);
}

TEST(FdUsersTest, ThreadsCountInTheSameCounter) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int fd = 5000; fd < 7000; ++fd) ++*GetFdUsers(fd);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int fd = 5000; fd < 7000; ++fd) {
    EXPECT_EQ(GetFdUsers(fd)->exchange(0), 4) << fd;
  }
}

TEST(FdUsersTest, AForkedChildHasNoUsers) {
  ++*GetFdUsers(1000);
  const pid_t child = fork();
  if (child == 0) _exit(HasFdUsers(1000) ? 1 : 0);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(HasFdUsers(1000));
  --*GetFdUsers(1000);
}

}  // namespace
}  // namespace uasio
