// Mounts in a private mount namespace: no other process sees them, and they end
// with this process at the latest.  A SmallFileSystem is a tmpfs of limited
// size.
//
//   const SmallFileSystem small("64k");
//   if (!small.why_not().empty()) GTEST_SKIP() << small.why_not();

#ifndef UASIO_ASIO_TESTING_MOUNT_H_
#define UASIO_ASIO_TESTING_MOUNT_H_

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {

// "may not mount a tmpfs: Operation not permitted", by errno.
inline std::string MayNot(const char* what) {
  return std::string("may not ") + what + ": " + std::strerror(errno);
}

// Moves the calling thread to the private namespace, once; threads that exist
// already do not move.  Returns why that failed; "" if it did not.
inline std::string EnterMountNamespace() {
  static const std::string why_not = []() -> std::string {
    if (unshare(CLONE_NEWNS) != 0) return MayNot("make a mount namespace");
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return MayNot("make mounts private");
    }
    return "";
  }();
  return why_not;
}

class SmallFileSystem {
 public:
  // Mounts `size` ("64k").  Create it before any thread: see
  // EnterMountNamespace().
  explicit SmallFileSystem(const std::string& size)
      : why_not_(EnterMountNamespace()) {
    if (!why_not_.empty()) return;
    const std::string options = "size=" + size;
    if (mount("uasio", path().c_str(), "tmpfs", 0, options.c_str()) != 0) {
      why_not_ = MayNot("mount a tmpfs");
    }
  }
  ~SmallFileSystem() {
    if (why_not_.empty()) umount2(path().c_str(), MNT_DETACH);
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;

  // Why it is not mounted; "" if it is.
  const std::string& why_not() const { return why_not_; }

  std::string path() const { return scratch_.Path(""); }
  std::string Path(const std::string& name) const {
    return scratch_.Path(name);
  }

  void MakeReadOnly() const {
    EXPECT_EQ(mount(nullptr, path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY,
                    nullptr),
              0);
  }

 private:
  const Scratch scratch_;
  std::string why_not_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_MOUNT_H_
