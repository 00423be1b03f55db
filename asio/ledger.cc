#include "asio/ledger.h"

#include <algorithm>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "workqueue/check.h"

namespace uasio {
namespace {

// `first`, and how many more there are; without memory, `first` alone.
absl::Status Summary(const absl::Status& first, absl::string_view before,
                     uint64_t more, absl::string_view after) {
  if (more == 0) return first;
  try {
    return absl::Status(first.code(),
                        absl::StrCat(first.message(), before, more, after));
  } catch (const std::bad_alloc&) {
    return first;
  }
}

absl::Status SummaryOnFd(const absl::Status& first, uint64_t count) {
  return Summary(first, "; and ", count - 1, " more on this fd");
}

// Without memory, a status without words.
absl::Status StatusOf(const Request& request) {
  try {
    return request.status();
  } catch (const std::bad_alloc&) {
    return absl::Status(
        absl::ErrnoToStatusCode(static_cast<int>(-request.result)), "");
  }
}

// False: there is no memory for one more, beyond the first.
bool HasRoom(std::vector<KeptError>* errors) {
  if (errors->size() < errors->capacity()) return true;
  try {
    errors->reserve(Ledger::kKeptErrors);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

absl::Status All(const Ledger::Account& account) {
  return SummaryOnFd(account.errors.front().status, account.count);
}

absl::Status Unseen(const Ledger::Account& account) {
  if (account.seen == account.count) return absl::OkStatus();
  const auto first =
      std::find_if(account.errors.begin(), account.errors.end(),
                   [](const KeptError& error) { return !error.seen; });
  // The first ones are kept: what stands for those that are not is the last.
  const KeptError& error =
      first == account.errors.end() ? account.errors.back() : *first;
  return SummaryOnFd(error.status, account.count - account.seen);
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
  return Summary(first, "; and errors on ", more, " more fds");
}

}  // namespace

void Ledger::Reserve(size_t fds) {
  if (reserved_.size() >= fds) return;
  reserved_.reserve(fds);
  while (reserved_.size() < fds) {
    AccountMap one;
    one[0].errors.reserve(1);
    reserved_.push_back(one.extract(0));
  }
}

uint64_t Ledger::Enter(const Request& request) {
  Account& account = *FindOrAdd(request.fd);
  ++account.count;
  account.read = false;
  ++entered_;
  if (account.errors.size() == kKeptErrors || !HasRoom(&account.errors)) {
    return entered_;
  }
  account.errors.push_back({request.op, request.fd, request.offset,
                            request.length, request.transferred,
                            static_cast<int>(-request.result),
                            request.user_data, StatusOf(request), entered_,
                            /*seen=*/false});
  return entered_;
}

Ledger::Account* Ledger::FindOrAdd(int fd) {
  const auto found = accounts_.find(fd);
  if (found != accounts_.end()) return &found->second;
  if (reserved_.empty()) {
    try {
      Reserve(1);
    } catch (const std::bad_alloc&) {
    }
  }
  UASIO_CHECK(!reserved_.empty(),
              "Ledger: no memory to keep the error of a write-back or sync");
  AccountMap::node_type node = std::move(reserved_.back());
  reserved_.pop_back();
  node.key() = fd;
  return &accounts_.insert(std::move(node)).position->second;
}

// Reserves the memory of the account for another fd, in place of the one that
// Enter() took.
void Ledger::Clear(int fd) {
  AccountMap::node_type node = accounts_.extract(fd);
  if (node.empty() || reserved_.size() == reserved_.capacity()) return;
  std::vector<KeptError> room = std::move(node.mapped().errors);
  room.clear();
  node.mapped() = Account();
  node.mapped().errors = std::move(room);
  reserved_.push_back(std::move(node));
}

void Ledger::MarkSeen(int fd, uint64_t id) noexcept {
  const auto found = accounts_.find(fd);
  if (found == accounts_.end()) return;
  Account& account = found->second;
  if (id < account.errors.front().id) return;  // Cleared meanwhile.
  ++account.seen;
  for (KeptError& error : account.errors) {
    if (error.id == id) error.seen = true;
  }
}

const Ledger::Account* Ledger::Find(int fd) const noexcept {
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

void Ledger::MarkRead() noexcept {
  for (auto& [fd, account] : accounts_) account.read = true;
}

}  // namespace uasio
