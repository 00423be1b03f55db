#include "asio/syscalls/direct_io.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <atomic>
#include <cstdint>

namespace uasio {
namespace {

constexpr size_t kAlignmentIfNotTold = 4096;

// XFS has no name for its own in linux/magic.h.
constexpr unsigned kXfsMagic = 0x58465342;

// STATX_MNT_ID, Linux 5.8: the number of a mount.  STATX_MNT_ID_UNIQUE, Linux
// 6.8: one that is never used again.
constexpr unsigned kMountId = 0x1000;
constexpr unsigned kMountIdUnique = 0x4000;

// What there is to know of a file system.
enum Kind : uint64_t { kUnknown, kFuse, kWaits, kAsync };

constexpr uint64_t kKinds = 4;

// The Kind of a file system at `number % kRemembered`, as number * kKinds +
// kind; 0: of none.
constexpr size_t kRemembered = 64;
std::atomic<uint64_t> remembered[kRemembered];

// What tells the file system of a file from all others; 0: nothing does. Before
// Linux 6.8, the numbers of a file system may be another's after an unmount;
// then Submit() may wait for the other, or leave its requests to the workers.
uint64_t NumberOf(const struct statx& info) {
  if ((info.stx_mask & kMountIdUnique) != 0) return info.stx_mnt_id;
  if (info.stx_dev_major != 0) {
    return uint64_t{info.stx_dev_major} << 32 | info.stx_dev_minor;
  }
  if ((info.stx_mask & kMountId) == 0) return 0;
  return info.stx_mnt_id << 32 | info.stx_dev_minor;
}

Kind Remembered(const struct statx& info) {
  if (S_ISBLK(info.stx_mode)) return kAsync;
  const uint64_t number = NumberOf(info);
  const uint64_t entry = remembered[number % kRemembered];
  const bool found = number != 0 && entry / kKinds == number;
  return found ? static_cast<Kind>(entry % kKinds) : kUnknown;
}

void Remember(const struct statx& info, Kind kind) {
  const uint64_t number = NumberOf(info);
  if (number == 0 || kind == kUnknown) return;
  remembered[number % kRemembered] = number * kKinds + kind;
}

Kind KindOf(unsigned magic) {
  switch (magic) {
    case FUSE_SUPER_MAGIC:
      return kFuse;
    case EXT4_SUPER_MAGIC:
    case kXfsMagic:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
      return kAsync;
    default:
      return kWaits;
  }
}

// kUnknown: fstatfs(2) fails; a server of FUSE may have no answer.
Kind AskFileSystem(int fd) {
  struct statfs info;
  if (fstatfs(fd, &info) != 0) return kUnknown;
  return KindOf(static_cast<unsigned>(info.f_type));
}

bool MayBeDirect(const struct statx& info) {
  return S_ISREG(info.stx_mode) || S_ISBLK(info.stx_mode);
}

DirectIo MakeDirectIo(const struct statx& info, Kind kind) {
  DirectIo io;
  io.may_be_direct = MayBeDirect(info);
  io.reported = (info.stx_mask & STATX_DIOALIGN) != 0;
  if (io.reported) {
    io.memory_bytes = info.stx_dio_mem_align;
    io.offset_bytes = info.stx_dio_offset_align;
    io.works = io.memory_bytes != 0 && io.offset_bytes != 0;
  } else if (kind == kWaits || kind == kAsync) {
    io.works = true;
    io.memory_bytes = io.offset_bytes = kAlignmentIfNotTold;
  }
  io.async = io.works && kind == kAsync;
  return io;
}

}  // namespace

const unsigned kDirectIoMask =
    STATX_TYPE | STATX_DIOALIGN | kMountId | kMountIdUnique;

DirectIo GetDirectIo(int fd) {
  struct statx info = {};
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kDirectIoMask, &info) !=
      0) {
    struct stat basics;  // A seccomp filter may refuse statx(2).
    if (fstat(fd, &basics) == 0) {
      info.stx_mode = static_cast<uint16_t>(basics.st_mode);
    }
  }
  Kind kind = Remembered(info);
  if (info.stx_mode != 0 && !MayBeDirect(info)) {
    kind = kWaits;  // Of no interest; and to ask may wait.
  } else if (kind == kUnknown) {
    kind = AskFileSystem(fd);
    Remember(info, kind);
  }
  return MakeDirectIo(info, kind);
}

bool FindDirectIo(const struct statx& info, DirectIo* io) {
  const Kind kind = Remembered(info);
  *io = MakeDirectIo(info, kind);
  return kind != kUnknown || (io->reported && !io->works);
}

}  // namespace uasio
