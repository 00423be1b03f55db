// The map of this folder, from below: share.h is what the streams of a queue
// have in common, stream.h what every stream has; read_ahead.h and write_back.h
// move blocks, reader.h and writer.h make bytes of them; copy.h moves blocks
// from one to the other, streambuf.h is for code that wants <iostream>;
// thread_queue.h is the queue where none is named.

#include "asio/streams/internal/share.h"

#include <algorithm>

#include "asio/streams/internal/stream.h"
#include "workqueue/check.h"

namespace uasio::internal {
namespace {

// Few, so a list; and no object, which the end of the thread would destroy
// before its last stream.
thread_local RequestShare* first_share = nullptr;

}  // namespace

RequestShare* RequestShare::Join(Queue* queue, Stream* stream) {
  RequestShare* share = first_share;
  while (share != nullptr && share->queue_ != queue) share = share->next_;
  if (share == nullptr) {
    queue->CheckCaller();
    share = new RequestShare(queue);
    share->next_ = first_share;
    first_share = share;
  }
  share->streams_.push_back(stream);
  return share;
}

void RequestShare::Leave(Stream* stream) {
  RequestShare** link = &first_share;
  while (*link != nullptr && *link != this) link = &(*link)->next_;
  UASIO_CHECK(*link == this,
              "Stream: only the thread that created it may close it");
  streams_.erase(std::find(streams_.begin(), streams_.end(), stream));
  if (!streams_.empty()) return;
  *link = next_;
  delete this;
}

void RequestShare::Remove(Reclaimable* hoarder) {
  hoarders_.erase(std::find(hoarders_.begin(), hoarders_.end(), hoarder));
}

Request* RequestShare::Demand() {
  while (true) {
    Request* request = queue_->Get();
    if (request != nullptr) return request;
    if (queue_->RunHandlers(absl::InfinitePast())) continue;
    if (returning_ == 0 && HaveOneGivenBack()) continue;
    if (returning_ + late_ == 0) return nullptr;
    Wait();
  }
}

void RequestShare::WaitForOthers(const Stream& stream) {
  const auto is_in_the_way = [&](const Stream* other) {
    return other != &stream && other->in_flight() > 0 &&
           other->IsOnTheFileOf(stream);
  };
  while (std::any_of(streams_.begin(), streams_.end(), is_in_the_way)) Wait();
}

// By the one that has most.  False: there is none to be had.
bool RequestShare::HaveOneGivenBack() {
  Reclaimable* richest = nullptr;
  for (Reclaimable* hoarder : hoarders_) {
    if (richest == nullptr || hoarder->spare() > richest->spare()) {
      richest = hoarder;
    }
  }
  if (richest == nullptr || richest->spare() == 0) return false;
  richest->GiveBackOne();
  return true;
}

}  // namespace uasio::internal
