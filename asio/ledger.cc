#include "asio/ledger.h"

#include "absl/strings/str_cat.h"

namespace uasio {
namespace {

absl::Status Summary(const Ledger::Account& account) {
  const absl::Status& first = account.errors.front().status;
  if (account.count == 1) return first;
  return absl::Status(first.code(),
                      absl::StrCat(first.message(), "; and ", account.count - 1,
                                   " more on this fd"));
}

}  // namespace

void Ledger::Enter(const Request& request) {
  Account& account = accounts_[request.fd];
  ++account.count;
  account.read = false;
  if (account.errors.size() == kKeptErrors) return;
  account.errors.push_back({request.op, request.fd, request.offset,
                            request.length, request.transferred,
                            static_cast<int>(-request.result),
                            request.user_data, request.status()});
}

const Ledger::Account* Ledger::Find(int fd) const {
  const auto found = accounts_.find(fd);
  return found == accounts_.end() ? nullptr : &found->second;
}

absl::Status Ledger::status(int fd) const {
  const Account* account = Find(fd);
  return account == nullptr ? absl::OkStatus() : Summary(*account);
}

absl::Status Ledger::status() const {
  if (accounts_.empty()) return absl::OkStatus();
  const absl::Status first = Summary(accounts_.begin()->second);
  if (accounts_.size() == 1) return first;
  return absl::Status(first.code(),
                      absl::StrCat(first.message(), "; and errors on ",
                                   accounts_.size() - 1, " more fds"));
}

void Ledger::MarkRead() {
  for (auto& [fd, account] : accounts_) account.read = true;
}

}  // namespace uasio
