#include "asio/streams/internal/share.h"

#include <algorithm>
#include <memory>

#include "asio/streams/internal/stream.h"
#include "workqueue/check.h"

namespace uasio::internal {
namespace {

// The shares of this thread: few, so a list.  A plain pointer, since the end of
// the thread would destroy a container before the last stream.
thread_local RequestShare* first_share = nullptr;

}  // namespace

RequestShare* RequestShare::Join(Queue* queue, Stream* stream) {
  RequestShare* share = first_share;
  while (share != nullptr && share->queue_ != queue) share = share->next_;
  if (share == nullptr) {
    queue->CheckCaller();
    std::unique_ptr<RequestShare> made(new RequestShare(queue));
    made->streams_.push_back(stream);
    made->next_ = first_share;
    return first_share = made.release();
  }
  share->streams_.push_back(stream);
  return share;
}

void RequestShare::Leave(Stream* stream) {
  RequestShare** link = &first_share;
  while (*link != nullptr && *link != this) link = &(*link)->next_;
  if (*link == nullptr && !stream->IsThisProcess()) return;
  UASIO_CHECK(*link == this,
              "Stream: only the thread that created it may close it");
  streams_.erase(std::find(streams_.begin(), streams_.end(), stream));
  if (!streams_.empty()) return;
  *link = next_;
  delete this;
}

void RequestShare::Remove(Reclaimable* reclaimable) {
  reclaimables_.erase(
      std::find(reclaimables_.begin(), reclaimables_.end(), reclaimable));
}

Request* RequestShare::GetOrReclaim() {
  while (true) {
    Request* request = queue_->Get();
    if (request != nullptr) return request;
    if (queue_->RunHandlers(absl::InfinitePast())) continue;
    if (returning_soon_ == 0 && ReclaimOne()) continue;
    if (returning_soon_ + returning_late_ == 0) return nullptr;
    WaitForHandler();
  }
}

void RequestShare::WaitForOthersOnFile(const Stream& stream) {
  const auto is_busy = [&](const Stream* other) {
    return other != &stream && other->in_flight() > 0 &&
           other->IsOnSameFileAs(stream);
  };
  while (std::any_of(streams_.begin(), streams_.end(), is_busy)) {
    WaitForHandler();
  }
}

// Makes the stream with the most spare requests release one.  False: no stream
// has any.
bool RequestShare::ReclaimOne() {
  Reclaimable* richest = nullptr;
  for (Reclaimable* reclaimable : reclaimables_) {
    if (richest == nullptr ||
        reclaimable->spare_requests() > richest->spare_requests()) {
      richest = reclaimable;
    }
  }
  if (richest == nullptr || richest->spare_requests() == 0) return false;
  richest->ReleaseOne();
  return true;
}

}  // namespace uasio::internal
