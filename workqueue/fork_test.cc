// A forked child may destroy a pool and a work queue of its parent, whatever
// their threads did when it forked.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "asio/testing/child.h"
#include "asio/testing/threads.h"
#include "gtest/gtest.h"
#include "workqueue/mutex.h"
#include "workqueue/work_queue.h"
#include "workqueue/worker_pool.h"

namespace uasio {
namespace {

constexpr int kForks = 100;

// Threads of a pool that are always at work until it is destroyed.
class BusyPool {
 public:
  BusyPool() : works_(64) {
    for (BusyWork& w : works_) {
      w.go = [](WorkerThread*, Work* w) {
        static_cast<BusyWork*>(w)->owner->SubmitAgain(w);
      };
      w.owner = this;
      pool_->Submit(&w);
    }
  }
  ~BusyPool() { stopping_ = true; }

  std::unique_ptr<WorkerPool>& pool() { return pool_; }

 private:
  struct BusyWork : Work {
    BusyPool* owner;
  };

  void SubmitAgain(Work* w) {
    if (!stopping_) pool_->Submit(w);
  }

  std::atomic<bool> stopping_{false};
  std::vector<BusyWork> works_;
  std::unique_ptr<WorkerPool> pool_ = std::make_unique<WorkerPool>();
};

TEST(ForkTest, AChildDestroysABusyPool) {
  BusyPool busy;
  for (int i = 0; i < kForks; ++i) {
    const ChildOutcome child = RunInChild([&] {
      busy.pool().reset();
      return 0;
    });
    ASSERT_EQ(child.status, 0) << "fork " << i << ": " << child.printed;
    ASSERT_EQ(child.printed, "");
  }
}

TEST(ForkTest, AChildDestroysAWorkQueueWithWork) {
  WorkerPool pool;
  auto queue = std::make_unique<WorkQueue>(&pool);
  Work nothing = {};
  nothing.go = [](WorkerThread*, Work*) {};
  queue->Submit(&nothing);
  const ChildOutcome child = RunInChild([&] {
    queue = nullptr;
    return 0;
  });
  EXPECT_EQ(child.status, 0);
  EXPECT_EQ(child.printed, "");
  EXPECT_EQ(queue->Wait(), &nothing);
}

TEST(ForkTest, AChildDestroysACondVarThatAThreadWaitsFor) {
  Mutex mutex;
  auto changed = std::make_unique<CondVar>();
  bool done = false;
  std::atomic<pid_t> id{0};
  std::thread waiter([&] {
    id = ThreadId();
    MutexLock lock(&mutex);
    while (!done) changed->Wait(&mutex);
  });
  while (id == 0) std::this_thread::yield();
  EXPECT_TRUE(UntilAsleep(id));
  const ChildOutcome child = RunInChild([&] {
    changed = nullptr;
    return 0;
  });
  EXPECT_EQ(child.status, 0);
  {
    MutexLock lock(&mutex);
    done = true;
  }
  changed->NotifyAll();
  waiter.join();
}

TEST(ForkTest, ACancelInAChildNamesTheRule) {
  WorkerPool pool;
  Work nothing = {};
  const ChildOutcome child = RunInChild([&] {
    static_cast<void>(pool.Cancel(&nothing));
    return 0;
  });
  EXPECT_NE(child.printed.find("a forked child must not use its parent's pool"),
            std::string::npos);
}

}  // namespace
}  // namespace uasio
