#include "tools/cp/compare.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "asio/testing/scratch.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/cp/copy_testing.h"

namespace uasio {
namespace {

using testing::HasSubstr;

class CompareTest : public CopyingTest {
 protected:
  // The error message of comparing files with these contents; "" if equal.
  std::string MessageFor(const std::string& a, const std::string& b,
                         int flags_of_b = O_RDONLY) {
    const File file_a = OpenFile(scratch_.NewFile("a", a), O_RDONLY);
    const File file_b = OpenFile(scratch_.NewFile("b", b), flags_of_b);
    const absl::Status status =
        CompareFiles(queue_.get(), file_a, file_b, kDepth, &progress_);
    ExpectIdle();
    return std::string(status.message());
  }

  std::string DifferAt(int64_t byte) const {
    return scratch_.Path("a") + " and " + scratch_.Path("b") +
           " differ at byte " + std::to_string(byte);
  }
};

TEST_P(CompareTest, EqualFilesOfAllSizesAreEqual) {
  for (size_t size : {0, 1, 4095, 4096, 4097, 40961, 400000}) {
    EXPECT_EQ(MessageFor(Pattern(size), Pattern(size)), "") << size;
  }
}

TEST_P(CompareTest, TheFirstByteThatDiffersIsReported) {
  const std::string data = Pattern(100001);
  for (size_t byte : {0, 4095, 4096, 50000, 100000}) {
    std::string other = data;
    other[byte] ^= 1;
    EXPECT_EQ(MessageFor(data, other), DifferAt(byte));
  }
}

TEST_P(CompareTest, OfSeveralDifferencesTheFirstIsReported) {
  const std::string data = Pattern(100001);
  std::string other = data;
  for (size_t byte : {60000, 60001, 90000, 100000}) other[byte] ^= 1;
  EXPECT_EQ(MessageFor(data, other), DifferAt(60000));
}

TEST_P(CompareTest, SizesThatDifferAreReported) {
  EXPECT_EQ(MessageFor(Pattern(5000), Pattern(5001)),
            scratch_.Path("a") + " has 5000 bytes, and " + scratch_.Path("b") +
                " has 5001");
}

TEST_P(CompareTest, AHoleEqualsZeros) {
  const std::string path = scratch_.NewFile("sparse");
  ASSERT_EQ(truncate(path.c_str(), 100001), 0);
  const File sparse = OpenFile(path, O_RDONLY);
  const File zeros =
      OpenFile(scratch_.NewFile("zeros", std::string(100001, '\0')), O_RDONLY);
  EXPECT_TRUE(
      CompareFiles(queue_.get(), sparse, zeros, kDepth, &progress_).ok());
}

TEST_P(CompareTest, AFailedReadIsReported) {
  const std::string data = Pattern(100001);
  const std::string message = MessageFor(data, data, O_WRONLY);
  EXPECT_THAT(message, HasSubstr("/b): EBADF"));
}

TEST_P(CompareTest, TwoRequestsAreEnough) {
  QueueOptions options = SmallOptions();
  options.requests_max = 2;
  options.writebacks_max = 1;
  MakeQueue(options);
  const std::string data = Pattern(50000);
  EXPECT_EQ(MessageFor(data, data), "");
}

TEST_P(CompareTest, OneRequestIsTooFew) {
  QueueOptions options = SmallOptions();
  options.requests_max = 1;
  MakeQueue(options);
  EXPECT_EQ(MessageFor("x", "x"), "no memory for two buffers of 4096 bytes");
}

UASIO_INSTANTIATE_ON_BACKENDS(CompareTest);

}  // namespace
}  // namespace uasio
