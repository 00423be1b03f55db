// The Ledger keeps the errors of write-backs, which nobody waits for, and of
// syncs, whose failure a later success must not hide.
//
// Threads:   one at a time.
// Bounds:    per fd, the first kKeptErrors in full, and the count of all.
// Errors:    kept until Clear(fd).

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
};

class Ledger {
 public:
  static constexpr size_t kKeptErrors = 16;

  struct Account {
    std::vector<KeptError> errors;  // The first ones, in order of completion.
    uint64_t count = 0;             // Of all errors, kept or not.
    bool read = false;              // MarkRead() was called since the last one.
  };

  // Enters a failed request.  REQUIRES: request.result < 0.
  void Enter(const Request& request);

  // The errors of `fd`; nullptr if there are none.
  const Account* Find(int fd) const;

  // OK, or the first error of `fd` and the number of further ones.
  absl::Status status(int fd) const;

  // OK, or status(fd) of the lowest fd that has errors and the number of
  // further fds.
  absl::Status status() const;

  // Marks all errors as read: the user has been told of them.
  void MarkRead();

  void Clear(int fd) { accounts_.erase(fd); }

  const std::map<int, Account>& accounts() const { return accounts_; }

 private:
  std::map<int, Account> accounts_;
};

}  // namespace uasio

#endif  // UASIO_ASIO_LEDGER_H_
