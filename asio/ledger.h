// The Ledger keeps the errors of write-backs, which nobody waits for, and of
// syncs, whose failure a later success must not hide.
//
// A failed sync that Wait() has returned, or that its handler was given, has
// been seen.  It stays on the record until it is cleared, whatever later syncs
// say; but Sync(), Forget() and Close() do not return it again, and ~Queue()
// does not print it.  Nobody ever sees a write-back: its errors are returned
// until they are cleared.
//
// Threads:   one at a time.
// Bounds:    per fd, the first kKeptErrors in full, and the count of all.
// Errors:    kept until Clear(fd).  Without memory, the first error of an fd is
//            kept with its errno but no words, further ones are only counted,
//            and a summary is the first error alone.

#ifndef UASIO_ASIO_LEDGER_H_
#define UASIO_ASIO_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "asio/request.h"

namespace uasio {

// What is kept of a failed request.
struct KeptError {
  Op op;
  int fd;
  int64_t offset;
  size_t length;
  size_t transferred;  // Bytes transferred before the error.
  int error;           // An errno.
  void* user_data;
  absl::Status status;  // Request::status().
  uint64_t id;          // As Enter() returned it.
  bool seen;            // MarkSeen() was called.
};

class Ledger {
 public:
  static constexpr size_t kKeptErrors = 16;

  struct Account {
    std::vector<KeptError> errors;  // The first ones, in order of completion.
    uint64_t count = 0;             // Of all errors, kept or not.
    uint64_t seen = 0;              // Of these.
    bool read = false;              // MarkRead() was called since the last one.
  };

  using AccountMap = std::map<int, Account>;

  // Allocates memory for the first errors of `fds` further fds.  Throws
  // std::bad_alloc.
  void Reserve(size_t fds);

  // Enters a failed request, and returns an id for MarkSeen(), never 0.
  // REQUIRES: request.result < 0; the fd has errors already, or was reserved,
  // or there is memory.
  uint64_t Enter(const Request& request);

  // Notes that the caller has that request, whose errors were entered for `fd`.
  // Nothing if they were cleared meanwhile.
  void MarkSeen(int fd, uint64_t id) noexcept;

  // The errors of `fd`; nullptr if there are none.
  [[nodiscard]] const Account* Find(int fd) const noexcept;

  // OK, or the first error of `fd` and the number of further ones.
  absl::Status status(int fd) const;

  // OK, or status(fd) of the lowest fd that has errors and the number of
  // further fds.
  absl::Status status() const;

  // As the two status() functions, but without the errors that were seen.
  absl::Status unseen(int fd) const;
  absl::Status unseen() const;

  // Marks all errors as read: the user has been told of them.
  void MarkRead() noexcept;

  void Clear(int fd);

  [[nodiscard]] const AccountMap& accounts() const noexcept {
    return accounts_;
  }

 private:
  Account* FindOrAdd(int fd);

  AccountMap accounts_;
  std::vector<AccountMap::node_type> reserved_;  // Each has room for one error.
  uint64_t entered_ = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_LEDGER_H_
