#include "tools/sum/ordered_dispatcher.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "asio/testing/sanitizers.h"
#include "asio/testing/thread_probe.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

using Numbers = OrderedDispatcher<int, int>;

// The items 0, 1, ..., end - 1.
Numbers::Next UpTo(int end) {
  return [i = 0, end]() mutable -> std::optional<int> {
    if (i == end) return std::nullopt;
    return i++;
  };
}

TEST(OrderedDispatcherTest, DeliversInTheOrderOfTheItems) {
  std::vector<int> delivered;
  Numbers numbers(10, UpTo(3), [&](const int& n) { delivered.push_back(n); });
  Numbers::Ticket tickets[3], none;
  for (Numbers::Ticket& t : tickets) {
    EXPECT_EQ(numbers.Take(false, &t), Taken::kItem);
  }
  EXPECT_EQ(numbers.Take(false, &none), Taken::kEnd);
  EXPECT_EQ(numbers.Take(true, &none), Taken::kEnd);
  numbers.Return(tickets[2].number, 20);
  numbers.Return(tickets[1].number, 10);
  EXPECT_TRUE(delivered.empty());
  numbers.Return(tickets[0].number, 0);
  EXPECT_EQ(delivered, (std::vector<int>{0, 10, 20}));
}

TEST(OrderedDispatcherTest, TakeStopsAtTheBound) {
  Numbers numbers(2, UpTo(10), [](const int&) {});
  Numbers::Ticket first, second, third;
  EXPECT_EQ(numbers.Take(false, &first), Taken::kItem);
  EXPECT_EQ(numbers.Take(false, &second), Taken::kItem);
  EXPECT_EQ(numbers.Take(false, &third), Taken::kAtBound);
  numbers.Return(second.number, 0);  // The first one is still missing.
  EXPECT_EQ(numbers.Take(false, &third), Taken::kAtBound);
  std::promise<pid_t> tid;
  std::thread waits([&] {
    tid.set_value(gettid());
    EXPECT_EQ(numbers.Take(true, &third), Taken::kItem);
    EXPECT_EQ(third.item, 2);
  });
  const ThreadProbe thread(tid.get_future().get());
  const bool known = thread.WaitUntilBlockedIn(SYS_futex);
  numbers.Return(first.number, 0);
  waits.join();
  if (!known) GTEST_SKIP() << "/proc does not tell what a thread is doing";
}

TEST(OrderedDispatcherTest, ThreadsLoseNoItem) {
  const int end = Scaled(50000);
  std::vector<int> delivered;
  // The bound is low, so that threads often wait.
  Numbers numbers(2, UpTo(end), [&](const int& n) { delivered.push_back(n); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Numbers::Ticket ticket;
      Taken taken;
      while ((taken = numbers.Take(true, &ticket)) == Taken::kItem) {
        numbers.Return(ticket.number, ticket.item);
      }
      EXPECT_EQ(taken, Taken::kEnd);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(delivered.size(), static_cast<size_t>(end));
  for (int i = 0; i < end; ++i) ASSERT_EQ(delivered[i], i);
}

}  // namespace
}  // namespace uasio
