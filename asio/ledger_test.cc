#include "asio/ledger.h"

#include <errno.h>

#include <string>

#include "absl/status/status.h"
#include "asio/testing/memory_end.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

constexpr int kNoFd = 1 << 20;  // Not open, so that /proc has no name for it.

Request Failed(int fd, int64_t offset, int error) {
  Request request;
  request.op = Op::kWriteBack;
  request.fd = fd;
  request.offset = offset;
  request.length = 4096;
  request.result = -error;
  return request;
}

TEST(LedgerTest, AnEmptyLedgerIsOk) {
  const Ledger ledger;
  EXPECT_TRUE(ledger.status().ok());
  EXPECT_TRUE(ledger.status(kNoFd).ok());
  EXPECT_EQ(ledger.Find(kNoFd), nullptr);
  EXPECT_TRUE(ledger.accounts().empty());
}

TEST(LedgerTest, KeepsAnErrorInFull) {
  Ledger ledger;
  int tag;
  Request request = Failed(kNoFd, 512, ENOSPC);
  request.transferred = 100;
  request.user_data = &tag;
  ledger.Enter(request);
  const Ledger::Account* account = ledger.Find(kNoFd);
  ASSERT_NE(account, nullptr);
  ASSERT_EQ(account->errors.size(), 1u);
  EXPECT_EQ(account->count, 1u);
  const KeptError& error = account->errors[0];
  EXPECT_EQ(error.op, Op::kWriteBack);
  EXPECT_EQ(error.fd, kNoFd);
  EXPECT_EQ(error.offset, 512);
  EXPECT_EQ(error.length, 4096u);
  EXPECT_EQ(error.transferred, 100u);
  EXPECT_EQ(error.error, ENOSPC);
  EXPECT_EQ(error.user_data, &tag);
  EXPECT_EQ(error.status, request.status());
}

TEST(LedgerTest, KeepsTheFirstSixteenAndCountsAll) {
  Ledger ledger;
  for (int i = 0; i < 40; ++i) ledger.Enter(Failed(kNoFd, i, EIO));
  const Ledger::Account* account = ledger.Find(kNoFd);
  ASSERT_NE(account, nullptr);
  ASSERT_EQ(account->errors.size(), 16u);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(account->errors[i].offset, i);
  EXPECT_EQ(account->count, 40u);
}

TEST(LedgerTest, TheStatusOfOneErrorIsTheStatusOfItsRequest) {
  Ledger ledger;
  const Request request = Failed(kNoFd, 0, ENOSPC);
  ledger.Enter(request);
  EXPECT_EQ(ledger.status(kNoFd), request.status());
  EXPECT_EQ(ledger.status(), request.status());
}

TEST(LedgerTest, TheStatusOfSeveralErrorsIsTheFirstAndTheNumberOfOthers) {
  Ledger ledger;
  const Request first = Failed(kNoFd, 0, ENOSPC);
  ledger.Enter(first);
  for (int i = 0; i < 20; ++i) ledger.Enter(Failed(kNoFd, i, EIO));
  const absl::Status status = ledger.status(kNoFd);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(),
            std::string(first.status().message()) + "; and 20 more on this fd");
  EXPECT_EQ(ledger.status(), status);
}

TEST(LedgerTest, TheStatusOfSeveralFdsIsThatOfTheLowest) {
  Ledger ledger;
  ledger.Enter(Failed(kNoFd + 1, 0, EIO));
  ledger.Enter(Failed(kNoFd + 2, 0, EIO));
  const Request lowest = Failed(kNoFd, 7, ENOSPC);
  ledger.Enter(lowest);
  const absl::Status status = ledger.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), std::string(lowest.status().message()) +
                                  "; and errors on 2 more fds");
  EXPECT_EQ(ledger.status(kNoFd), lowest.status());
  EXPECT_EQ(ledger.accounts().size(), 3u);
}

TEST(LedgerTest, AnErrorEnteredAfterMarkReadIsUnread) {
  Ledger ledger;
  ledger.Enter(Failed(kNoFd, 0, EIO));
  ledger.MarkRead();
  EXPECT_TRUE(ledger.Find(kNoFd)->read);
  ledger.Enter(Failed(kNoFd, 1, EIO));
  EXPECT_FALSE(ledger.Find(kNoFd)->read);
}

TEST(LedgerTest, WhatIsSeenStaysOnTheRecord) {
  Ledger ledger;
  const Request first = Failed(kNoFd, 0, EIO);
  const Request second = Failed(kNoFd, 1, ENOSPC);
  const uint64_t id = ledger.Enter(first);
  ledger.Enter(second);
  EXPECT_EQ(ledger.unseen(kNoFd), ledger.status(kNoFd));
  ledger.MarkSeen(kNoFd, id);
  EXPECT_EQ(ledger.unseen(kNoFd), second.status());
  EXPECT_EQ(ledger.unseen(), second.status());
  EXPECT_EQ(ledger.Find(kNoFd)->count, 2u);
  EXPECT_EQ(ledger.status().code(), first.status().code());
}

TEST(LedgerTest, ErrorsThatAreNotKeptInFullCanBeSeen) {
  Ledger ledger;
  for (int i = 0; i < 16; ++i) {
    ledger.MarkSeen(kNoFd, ledger.Enter(Failed(kNoFd, i, EIO)));
  }
  const uint64_t id = ledger.Enter(Failed(kNoFd, 16, EIO));
  EXPECT_FALSE(ledger.unseen(kNoFd).ok());
  ledger.MarkSeen(kNoFd, id);
  EXPECT_TRUE(ledger.unseen(kNoFd).ok());
}

TEST(LedgerTest, AnIdOfAClearedErrorMarksNothing) {
  Ledger ledger;
  const uint64_t old = ledger.Enter(Failed(kNoFd, 0, EIO));
  ledger.Clear(kNoFd);
  ledger.MarkSeen(kNoFd, old);
  ledger.Enter(Failed(kNoFd, 1, EIO));
  ledger.MarkSeen(kNoFd, old);
  EXPECT_FALSE(ledger.unseen(kNoFd).ok());
}

TEST(LedgerTest, ClearDropsTheErrorsOfOneFdOnly) {
  Ledger ledger;
  for (int i = 0; i < 20; ++i) ledger.Enter(Failed(kNoFd, 0, EIO));
  const Request other = Failed(kNoFd + 1, 0, ENOSPC);
  ledger.Enter(other);
  ledger.Clear(kNoFd);
  ledger.Clear(kNoFd + 2);  // This fd has no errors.
  EXPECT_TRUE(ledger.status(kNoFd).ok());
  EXPECT_EQ(ledger.status(), other.status());
  ledger.Enter(Failed(kNoFd, 3, EIO));
  ASSERT_NE(ledger.Find(kNoFd), nullptr);
  EXPECT_EQ(ledger.Find(kNoFd)->count, 1u);
  EXPECT_EQ(ledger.Find(kNoFd)->errors.at(0).offset, 3);
}

TEST(LedgerTest, WithoutMemoryItKeepsTheFirstErrorOfEachReservedFd) {
  Ledger ledger;
  ledger.Reserve(2);
  {
    const MemoryEnd none(0);
    for (int i = 0; i < 3; ++i) ledger.Enter(Failed(kNoFd, i, ENOSPC));
    ledger.Enter(Failed(kNoFd + 1, 0, EIO));
    ledger.Clear(kNoFd + 1);
    ledger.Enter(Failed(kNoFd + 2, 0, EIO));
    EXPECT_EQ(ledger.status().code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(ledger.accounts().size(), 2u);
  const Ledger::Account* account = ledger.Find(kNoFd);
  ASSERT_NE(account, nullptr);
  ASSERT_EQ(account->errors.size(), 1u);
  EXPECT_EQ(account->count, 3u);
  EXPECT_EQ(account->errors[0].error, ENOSPC);
}

}  // namespace
}  // namespace uasio
