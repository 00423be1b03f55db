// The Ledger keeps the errors that nobody waits for: those of write-backs, and
// of syncs, whose failure a later success must not hide.
//
// A failed sync that Wait() has returned, or that its handler was given, has
// been seen.  It stays on the record until it is cleared, whatever later syncs
// say; but Sync(), Forget() and Close() do not return it again, and ~Queue()
// does not print it.  Nobody ever sees a write-back: its errors are returned
// until they are cleared.
//
// Threads:   one at a time.
// Bounds:    per fd, kKeptErrors in full and the count of all.
// Errors:    it keeps them until they are cleared by the fd's number.

#ifndef UASIO_ASIO_LEDGER_H_
#define UASIO_ASIO_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "asio/request.h"

namespace uasio {

// A failed request, as it was.
struct KeptError {
  Op op;
  int fd;
  int64_t offset;
  size_t length;
  size_t transferred;  // Bytes, before it failed.
  int error;           // An errno.
  void* user_data;
  absl::Status status;  // All of this in words.
  uint64_t id;          // Of Enter().
  bool seen;
};

class Ledger {
 public:
  // How many errors of an fd are kept in full: the first ones.
  static constexpr size_t kKeptErrors = 16;

  struct Account {
    std::vector<KeptError> errors;  // In the order in which they were noticed.
    uint64_t count = 0;             // Of all, kept or not.
    uint64_t seen = 0;              // Of these.
    bool read = false;              // Since the last one was entered.
  };

  // Enters a failed request, and returns an id for MarkSeen(), never 0.
  // REQUIRES: request.result < 0.
  uint64_t Enter(const Request& request);

  // Notes that the caller has that request, whose errors were entered for `fd`.
  // Nothing if they were cleared meanwhile.
  void MarkSeen(int fd, uint64_t id);

  // What is kept of `fd`; nullptr: nothing.
  const Account* Find(int fd) const;

  // OK, or the first error of `fd`, and how many more there are.
  absl::Status status(int fd) const;

  // The same, of the fd with the lowest number that has any, and how many more
  // fds there are.
  absl::Status status() const;

  // The same two, of what has not been seen.
  absl::Status unseen(int fd) const;
  absl::Status unseen() const;

  // Notes that somebody has been told of all there is.
  void MarkRead();

  void Clear(int fd) { accounts_.erase(fd); }

  const std::map<int, Account>& accounts() const { return accounts_; }

 private:
  std::map<int, Account> accounts_;
  uint64_t entered_ = 0;
};

}  // namespace uasio

#endif  // UASIO_ASIO_LEDGER_H_
