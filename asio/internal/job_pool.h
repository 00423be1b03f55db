// A JobPool keeps a backend's jobs: what it notes down beside each request
// that it has in flight.
//
// Threads:   one at a time.
// Ownership: the pool owns its jobs, which stay where they are.
// Bounds:    as many jobs as there were requests in flight at a time.
//
// A Job has a member `Request* request`, which is nullptr while it is idle.

#ifndef UASIO_ASIO_INTERNAL_JOB_POOL_H_
#define UASIO_ASIO_INTERNAL_JOB_POOL_H_

#include <memory>
#include <vector>

#include "asio/request.h"

namespace uasio::internal {

template <typename Job>
class JobPool {
 public:
  // A job for `request`; its other members are as its last user left them.
  Job* New(Request* request) {
    if (idle_.empty()) {
      jobs_.push_back(std::make_unique<Job>());
      idle_.push_back(jobs_.back().get());
    }
    Job* job = idle_.back();
    idle_.pop_back();
    job->request = request;
    return job;
  }

  void Recycle(Job* job) {
    job->request = nullptr;
    idle_.push_back(job);
  }

  // The job of `request`, which is in flight: O(n).
  Job* Find(const Request* request) const {
    for (const std::unique_ptr<Job>& job : jobs_) {
      if (job->request == request) return job.get();
    }
    return nullptr;
  }

  size_t in_flight() const { return jobs_.size() - idle_.size(); }

 private:
  std::vector<std::unique_ptr<Job>> jobs_;
  std::vector<Job*> idle_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_JOB_POOL_H_
