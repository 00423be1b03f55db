// Linked into a test, this makes all its files look like those of a disk with
// sectors of kLargeSector bytes: statx(2) tells of them, and direct transfers
// by pread(2), pwrite(2), preadv2(2) and pwritev2(2) that are not in whole
// sectors give EINVAL.  The kernel's backends do not use these calls.

#ifndef UASIO_ASIO_TESTING_LARGE_SECTORS_H_
#define UASIO_ASIO_TESTING_LARGE_SECTORS_H_

#include <cstddef>

namespace uasio {

inline constexpr size_t kLargeSector = 16384;

// During its lifetime, reads that the disk takes move no bytes, and give as
// many as the kernel would at most.
class PretendedReads {
 public:
  PretendedReads();
  ~PretendedReads();
  PretendedReads(const PretendedReads&) = delete;
  PretendedReads& operator=(const PretendedReads&) = delete;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_LARGE_SECTORS_H_
