// A FileModel performs the requests of one fd one by one in memory, and fails
// the test where the queue's results differ.
//
// The test enters a step for each request, in the order of submits, and stores
// its result there.  Check() replays the steps once all requests are back.  It
// skips cancelled requests, which must have had no effect.

#ifndef UASIO_TESTS_MODEL_H_
#define UASIO_TESTS_MODEL_H_

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "asio/syscalls/transfer.h"
#include "gtest/gtest.h"

namespace uasio {

struct Step {
  Op op;
  int64_t offset;
  size_t length;
  std::string bytes;          // To write; or the bytes read.
  std::vector<iovec> iovecs;  // Of readv and writev.
  int64_t result = 0;         // A write-back's is its length.
};

class FileModel {
 public:
  FileModel(std::string contents, bool appending)
      : contents_(std::move(contents)), appending_(appending) {}

  // The returned pointer is valid until Check().
  Step* Enter(Step step) {
    if (step.op == Op::kWriteBack) {
      step.result = static_cast<int64_t>(step.length);
    }
    return &steps_.emplace_back(std::move(step));
  }

  // Replays the steps, and removes them.
  void Check() {
    for (size_t i = 0; i < steps_.size() && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(testing::Message()
                   << "step " << i << ": " << OpName(steps_[i].op) << " of "
                   << steps_[i].length << " at " << steps_[i].offset);
      Replay(steps_[i]);
    }
    steps_.clear();
  }

  // As ftruncate() and lseek() on the fd.
  void Truncate(size_t size) { contents_.resize(size); }
  void Rewind() { position_ = 0; }

  const std::string& contents() const { return contents_; }

 private:
  void Replay(const Step& step) {
    if (step.result == -ECANCELED) return;
    if (IsRead(step.op)) return Read(step);
    if (IsWrite(step.op)) return Write(step);
    EXPECT_EQ(step.result, 0);
  }

  void Read(const Step& step) {
    const bool at_position = step.offset == kFilePosition;
    const size_t begin =
        at_position ? position_ : static_cast<size_t>(step.offset);
    std::string expected;
    if (begin < contents_.size())
      expected = contents_.substr(begin, step.length);
    EXPECT_EQ(step.result, static_cast<int64_t>(expected.size()));
    EXPECT_TRUE(step.bytes == expected) << "the read returned other bytes";
    if (at_position) position_ += expected.size();
  }

  void Write(const Step& step) {
    EXPECT_EQ(step.result, static_cast<int64_t>(step.length));
    if (step.length == 0) return;
    const bool at_position = step.offset == kFilePosition;
    size_t begin = at_position ? position_ : static_cast<size_t>(step.offset);
    if (appending_) begin = contents_.size();
    const size_t end = begin + step.length;
    contents_.resize(std::max(contents_.size(), end));
    contents_.replace(begin, step.length, step.bytes);
    if (at_position) position_ = end;
  }

  std::string contents_;
  size_t position_ = 0;
  const bool appending_;
  std::deque<Step> steps_;
};

}  // namespace uasio

#endif  // UASIO_TESTS_MODEL_H_
