#include "workqueue/per_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace uasio {
namespace {

struct Item {
  int number = 0;
};

TEST(PerProcessTest, IsMadeAtTheFirstUse) {
  static PerProcess<Item> items;
  EXPECT_EQ(items.GetIfMade(), nullptr);
  Item* item = items.Get();
  EXPECT_EQ(items.Get(), item);
  EXPECT_EQ(items.GetIfMade(), item);
}

TEST(PerProcessTest, ThreadsGetTheSame) {
  static PerProcess<Item> items;
  std::vector<Item*> got(4);
  std::vector<std::thread> threads;
  for (Item*& item : got) threads.emplace_back([&item] { item = items.Get(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, std::vector<Item*>(4, items.Get()));
}

TEST(PerProcessTest, AForkedChildHasItsOwn) {
  static PerProcess<Item> items;
  items.Get()->number = 1;
  const pid_t child = fork();
  if (child == 0) {
    const bool none = items.GetIfMade() == nullptr;
    _exit(none && items.Get()->number == 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(items.Get()->number, 1);
}

}  // namespace
}  // namespace uasio
