// A BlockFile is a scratch file for tests that run on both buffered and direct
// files.  Its contents are given as a text, each character of which stands for
// a block filled with that character.  A buffered file's block is one byte.
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

// Replaces each character of `text` with a block of that character.
inline std::string ExpandBlocks(const std::string& text, size_t block) {
  std::string bytes;
  for (const char c : text) bytes.append(block, c);
  return bytes;
}

// The reverse.  A block of different characters, or a partial block at the end,
// becomes '?'.
inline std::string CollapseBlocks(const std::string& bytes, size_t block) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += block) {
    const bool whole = bytes.substr(at, block) == std::string(block, bytes[at]);
    text += whole ? bytes[at] : '?';
  }
  return text;
}

class BlockFile {
 public:
  // The blocks are allocated and, on a direct file, not in the page cache, so
  // that direct overwrites need not wait.
  BlockFile(bool direct, const std::string& text)
      : block_(BlockBytes(direct)), scratch_(ExpandBlocks(text, block_)) {
    EXPECT_EQ(fsync(scratch_.fd()), 0);
    if (direct) posix_fadvise(scratch_.fd(), 0, 0, POSIX_FADV_DONTNEED);
    auto file =
        File::Open(scratch_.path(), O_RDWR, 0,
                   direct ? File::Mode::kDirect : File::Mode::kBuffered);
    EXPECT_TRUE(file.ok()) << file.status();
    if (file.ok()) file_ = *std::move(file);
  }

  int fd() const { return file_.fd(); }
  const File& file() const { return file_; }
  std::string Text() const { return CollapseBlocks(Contents(), block_); }

  // Why direct I/O does not work; "" if it does, or was not asked for.
  const std::string& why_buffered() const { return file_.why_buffered(); }

 private:
  // Reads a direct file directly: a buffered read during a direct write may
  // leave the old bytes in the page cache.
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

// Whether the file system of `fd` supports RWF_NOWAIT, which kaio writes with.
// REQUIRES: `fd` is a direct file of at least one block.
inline bool SupportsNowaitWrites(int fd) {
  Buffer block = Buffer::Allocate(kBufferAlignment);
  EXPECT_EQ(pread(fd, block.data(), block.size(), 0),
            static_cast<ssize_t>(block.size()));
  const iovec same = {block.data(), block.size()};
  return pwritev2(fd, &same, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

// The same for the file system of ScratchFolder().
inline bool SupportsNowaitWrites() {
  return SupportsNowaitWrites(BlockFile(/*direct=*/true, "a").fd());
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_BLOCK_FILE_H_
