#include "asio/syscalls/direct_io.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace uasio {
namespace {

constexpr size_t kAlignmentIfNotTold = 4096;

// XFS has no name for its own in linux/magic.h.
constexpr unsigned kXfsMagic = 0x58465342;

// 0: fstatfs(2) fails; a server of FUSE may have no answer.
unsigned FileSystemMagic(int fd) {
  struct statfs info;
  return fstatfs(fd, &info) == 0 ? static_cast<unsigned>(info.f_type) : 0;
}

bool IsAsync(unsigned magic) {
  return magic == EXT4_SUPER_MAGIC || magic == kXfsMagic ||
         magic == BTRFS_SUPER_MAGIC || magic == F2FS_SUPER_MAGIC ||
         magic == TMPFS_MAGIC;
}

}  // namespace

DirectIo GetDirectIo(int fd) {
  struct statx info = {};
  statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_DIOALIGN, &info);
  return GetDirectIo(fd, info);
}

DirectIo GetDirectIo(int fd, const struct statx& info) {
  DirectIo io;
  io.reported = (info.stx_mask & STATX_DIOALIGN) != 0;
  if (io.reported) {
    io.memory_bytes = info.stx_dio_mem_align;
    io.offset_bytes = info.stx_dio_offset_align;
    io.works = io.async = io.memory_bytes != 0 && io.offset_bytes != 0;
    return io;
  }
  const unsigned magic = FileSystemMagic(fd);
  if (magic == 0 || magic == FUSE_SUPER_MAGIC) return io;
  io.works = true;
  io.async = S_ISBLK(info.stx_mode) || IsAsync(magic);
  io.memory_bytes = io.offset_bytes = kAlignmentIfNotTold;
  return io;
}

}  // namespace uasio
