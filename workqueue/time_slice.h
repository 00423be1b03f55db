// The time slice of a thread: how long the scheduler lets it run before others
// that wait for the same processor.  Woken with a short slice, a thread gets a
// processor sooner from one that computes, and gives it back sooner; its share
// of the time stays the same.
//
// Threads:   of the calling thread.
// Errors:    none: Linux before 6.12, a policy other than SCHED_OTHER or
//            SCHED_BATCH, or a filter leave it as it is.
// Source:    sched_setattr(2), struct sched_attr; sched_runtime of SCHED_OTHER
//            is the slice since Linux 6.12, of 0.1 to 100 ms.

#ifndef UASIO_WORKQUEUE_TIME_SLICE_H_
#define UASIO_WORKQUEUE_TIME_SLICE_H_

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>

namespace uasio {

// libc has neither the calls nor the struct before glibc 2.41.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;  // Nanoseconds, as the next two.
  uint64_t deadline = 0;
  uint64_t period = 0;
};

// False: the kernel does not tell.
inline bool GetSchedulingAttributes(SchedulingAttributes* attributes) {
  return syscall(SYS_sched_getattr, 0, attributes, sizeof(*attributes), 0) == 0;
}

inline void SetTimeSlice(std::chrono::nanoseconds slice) {
  SchedulingAttributes attributes;
  if (!GetSchedulingAttributes(&attributes)) return;
  if (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH) {
    return;
  }
  attributes.size = sizeof(attributes);
  attributes.runtime = static_cast<uint64_t>(slice.count());
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_TIME_SLICE_H_
