// A RequestShare is what the streams of one queue have in common: its requests,
// of which one that reads ahead gives some back when another has none.
//
// Threads:   the queue's.
// Ownership: it is there from the first Join() to the last Leave(), which must
//            come before the queue is destroyed.
// Blocks:    Demand(), Wait(), WaitForOthers(); they run due handlers, other
//            people's, too.
// Bounds:    a queue of N requests serves N streams; with fewer streams they
//            read ahead and write back as far as there are requests.

#ifndef UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_
#define UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_

#include <cstddef>
#include <vector>

#include "asio/queue.h"

namespace uasio::internal {

// A stream that holds requests which it could do without.
class Reclaimable {
 public:
  virtual ~Reclaimable() = default;

  // How many.
  virtual size_t spare() const = 0;

  // Puts one of them, or will, when it is back: see AddReturning().
  // REQUIRES: spare() > 0.
  virtual void GiveBackOne() = 0;
};

class Stream;

class RequestShare {
 public:
  // That of `queue`, for one stream more.
  // REQUIRES: the thread is the queue's.
  static RequestShare* Join(Queue* queue, Stream* stream);

  // For one stream less.
  // REQUIRES: the thread is that of Join().
  void Leave(Stream* stream);

  RequestShare(const RequestShare&) = delete;
  RequestShare& operator=(const RequestShare&) = delete;

  void Add(Reclaimable* hoarder) { hoarders_.push_back(hoarder); }
  void Remove(Reclaimable* hoarder);

  // A request that the stream cannot do without: waits for others' write-backs,
  // or has others give back what they have read ahead.  nullptr: all are in
  // use, or there is no memory.
  Request* Demand();

  // Runs handlers, waiting for one.
  // REQUIRES: a request of a stream is in flight.
  void Wait() { queue_->RunHandlers(); }

  // Waits until other streams than `stream` have nothing in flight on the file
  // that it is on.
  void WaitForOthers(const Stream& stream);

  // How many requests in flight their handlers will put: soon, or late, for
  // what writes to a pipe may stay there as long as its reader likes.
  void AddReturning() { ++returning_; }
  void RemoveReturning() { --returning_; }
  void AddLate() { ++late_; }
  void RemoveLate() { --late_; }

  Queue* queue() const { return queue_; }

 private:
  explicit RequestShare(Queue* queue) : queue_(queue) {}
  bool HaveOneGivenBack();

  Queue* const queue_;
  std::vector<Stream*> streams_;
  size_t returning_ = 0;
  size_t late_ = 0;
  std::vector<Reclaimable*> hoarders_;
  RequestShare* next_ = nullptr;  // Of this thread's.
};

}  // namespace uasio::internal

#endif  // UASIO_ASIO_STREAMS_INTERNAL_SHARE_H_
