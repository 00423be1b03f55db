#include "asio/ledger.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace uasio {
namespace {

absl::Status Summary(const absl::Status& first, uint64_t count) {
  if (count == 1) return first;
  return absl::Status(
      first.code(),
      absl::StrCat(first.message(), "; and ", count - 1, " more on this fd"));
}

absl::Status All(const Ledger::Account& account) {
  return Summary(account.errors.front().status, account.count);
}

absl::Status Unseen(const Ledger::Account& account) {
  if (account.seen == account.count) return absl::OkStatus();
  const auto first =
      std::find_if(account.errors.begin(), account.errors.end(),
                   [](const KeptError& error) { return !error.seen; });
  // The first ones are kept: what stands for those that are not is the last.
  const KeptError& error =
      first == account.errors.end() ? account.errors.back() : *first;
  return Summary(error.status, account.count - account.seen);
}

// The first that is not OK of what `of` says about each account, and how many
// more there are.
absl::Status FirstOf(const std::map<int, Ledger::Account>& accounts,
                     absl::Status (*of)(const Ledger::Account&)) {
  absl::Status first;
  size_t more = 0;
  for (const auto& [fd, account] : accounts) {
    const absl::Status status = of(account);
    if (first.ok()) {
      first = status;
    } else if (!status.ok()) {
      ++more;
    }
  }
  if (more == 0) return first;
  return absl::Status(
      first.code(),
      absl::StrCat(first.message(), "; and errors on ", more, " more fds"));
}

}  // namespace

uint64_t Ledger::Enter(const Request& request) {
  Account& account = accounts_[request.fd];
  ++account.count;
  account.read = false;
  ++entered_;
  if (account.errors.size() == kKeptErrors) return entered_;
  account.errors.push_back({request.op, request.fd, request.offset,
                            request.length, request.transferred,
                            static_cast<int>(-request.result),
                            request.user_data, request.status(), entered_,
                            /*seen=*/false});
  return entered_;
}

void Ledger::MarkSeen(int fd, uint64_t id) {
  const auto found = accounts_.find(fd);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  if (id < account.errors.front().id) return;  // Cleared meanwhile.
  ++account.seen;
  for (KeptError& error : account.errors) {
    if (error.id == id) error.seen = true;
  }
}

const Ledger::Account* Ledger::Find(int fd) const {
  const auto found = accounts_.find(fd);
  return found == accounts_.end() ? nullptr : &found->second;
}

absl::Status Ledger::status(int fd) const {
  const Account* account = Find(fd);
  return account == nullptr ? absl::OkStatus() : All(*account);
}

absl::Status Ledger::status() const { return FirstOf(accounts_, &All); }

absl::Status Ledger::unseen(int fd) const {
  const Account* account = Find(fd);
  return account == nullptr ? absl::OkStatus() : Unseen(*account);
}

absl::Status Ledger::unseen() const { return FirstOf(accounts_, &Unseen); }

void Ledger::MarkRead() {
  for (auto& [fd, account] : accounts_) account.read = true;
}

}  // namespace uasio
