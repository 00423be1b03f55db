// A BlockFile is a scratch file for tests that run on buffered and on direct
// files alike: they speak of blocks, and each block is one character, over and
// over.  A buffered file's block is a byte.
//
//   const BlockFile file(/*direct=*/true, "abc");  // 12 KiB.
//   EXPECT_EQ(file.Text(), "abc");

#ifndef UASIO_ASIO_TESTING_BLOCK_FILE_H_
#define UASIO_ASIO_TESTING_BLOCK_FILE_H_

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include "asio/buffer.h"
#include "asio/file.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {

constexpr size_t BlockBytes(bool direct) {
  return direct ? kBufferAlignment : 1;
}

// Each character of `text` as a block.
inline std::string Stretch(const std::string& text, size_t block) {
  std::string bytes;
  for (const char c : text) bytes.append(block, c);
  return bytes;
}

// The reverse; a block that is not all of one character is a '?', and so is
// the rest, if it is less than a block.
inline std::string Shrink(const std::string& bytes, size_t block) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += block) {
    const bool whole = bytes.substr(at, block) == std::string(block, bytes[at]);
    text += whole ? bytes[at] : '?';
  }
  return text;
}

class BlockFile {
 public:
  // The blocks of `text` are allocated and not in the page cache, so that to
  // overwrite them directly need not wait.
  BlockFile(bool direct, const std::string& text)
      : block_(BlockBytes(direct)), scratch_(Stretch(text, block_)) {
    EXPECT_EQ(fsync(scratch_.fd()), 0);
    if (direct) posix_fadvise(scratch_.fd(), 0, 0, POSIX_FADV_DONTNEED);
    auto file =
        File::Open(scratch_.path(), O_RDWR, 0,
                   direct ? File::Mode::kDirect : File::Mode::kBuffered);
    EXPECT_TRUE(file.ok()) << file.status();
    if (file.ok()) file_ = *std::move(file);
  }

  int fd() const { return file_.fd(); }
  std::string Text() const { return Shrink(Contents(), block_); }

  // Why it is not direct; "": it is, or is not meant to be.
  const std::string& why_buffered() const { return file_.why_buffered(); }

 private:
  // Around the page cache, if it is direct: what is read through it while a
  // direct write goes on may stay there, and be what was before.
  std::string Contents() const {
    if (!file_.direct()) return scratch_.Contents();
    const size_t bytes = static_cast<size_t>(*file_.Size());
    const Buffer buffer = Buffer::Allocate(bytes + 1);
    const ssize_t n = pread(file_.fd(), buffer.data(), bytes, 0);
    EXPECT_EQ(n, static_cast<ssize_t>(bytes));
    return std::string(buffer.data(), static_cast<size_t>(n < 0 ? 0 : n));
  }

  const size_t block_;
  const ScratchFile scratch_;
  File file_;
};

// Whether the file system of `fd`, a direct file of a block at least, knows
// RWF_NOWAIT, as which kaio writes.
inline bool SupportsNowaitWrites(int fd) {
  Buffer block = Buffer::Allocate(kBufferAlignment);
  EXPECT_EQ(pread(fd, block.data(), block.size(), 0),
            static_cast<ssize_t>(block.size()));
  const iovec same = {block.data(), block.size()};
  return pwritev2(fd, &same, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

// The same of that where tests may write.
inline bool SupportsNowaitWrites() {
  return SupportsNowaitWrites(BlockFile(/*direct=*/true, "a").fd());
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_BLOCK_FILE_H_
