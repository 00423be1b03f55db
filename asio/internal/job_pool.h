// A JobPool allocates and recycles a backend's jobs.  A job is what the backend
// stores for one request in flight.
//
// Threads:   one at a time.
// Ownership: the pool owns its jobs, which never move in memory.
// Bounds:    as many jobs as were reserved, or as requests were in flight at a
//            time, whichever is more.
//
// A Job is a Recyclable<Job>, and has a member `Request* request`, which is
// nullptr while the job is idle.

#ifndef UASIO_ASIO_INTERNAL_JOB_POOL_H_
#define UASIO_ASIO_INTERNAL_JOB_POOL_H_

#include <cstddef>
#include <new>

#include "asio/request.h"
#include "workqueue/check.h"
#include "workqueue/free_list.h"

namespace uasio::internal {

template <typename Job>
class JobPool {
 public:
  // Makes jobs for `requests_max` requests in flight, so that New() needs no
  // memory for these.  Throws std::bad_alloc.
  void Reserve(size_t requests_max) {
    if (!jobs_.Reserve(requests_max)) throw std::bad_alloc();
  }

  // A job for `request`; its other members keep the values of its last use.
  Job* New(Request* request) {
    Job* job = jobs_.Take();
    UASIO_CHECK(job != nullptr, "Backend: no memory for a request's job");
    job->request = request;
    return job;
  }

  void Recycle(Job* job) {
    job->request = nullptr;
    jobs_.GiveBack(job);
  }

  // The job of `request`, or nullptr if it is not in flight: O(n).
  Job* Find(const Request* request) const {
    return jobs_.Find([=](const Job& job) { return job.request == request; });
  }

  size_t in_flight() const { return jobs_.out(); }

 private:
  FreeList<Job> jobs_;
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_INTERNAL_JOB_POOL_H_
