#include "asio/errors.h"

#include <errno.h>
#include <fcntl.h>

#include <string>

#include "absl/status/status.h"
#include "asio/testing/fd.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

TEST(ErrorsTest, ErrnoWordsNameAndExplain) {
  EXPECT_EQ(ErrnoWords(ENOSPC), "ENOSPC (No space left on device)");
  EXPECT_EQ(ErrnoWords(EINVAL), "EINVAL (Invalid argument)");
}

TEST(ErrorsTest, AnErrnoWithoutANameIsANumber) {
  EXPECT_EQ(ErrnoWords(4711), "errno 4711 (Unknown error 4711)");
}

TEST(ErrorsTest, ErrnoStatusHasTheFittingCodeAndSaysWhat) {
  const absl::Status status = ErrnoStatus(ENOENT, "cannot open /nowhere");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "cannot open /nowhere: ENOENT (No such file or directory)");
  EXPECT_EQ(ErrnoStatus(ENOSPC, "x").code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus(4711, "x").code(), absl::StatusCode::kUnknown);
}

TEST(ErrorsTest, FdWordsNameTheFile) {
  const Scratch scratch;
  const Fd fd = scratch.Open("a file");
  const std::string number = std::to_string(fd.get());
  EXPECT_EQ(FdWords(fd.get()),
            "fd " + number + " (" +
                std::filesystem::canonical(scratch.Path("a file")).string() +
                ")");
}

TEST(ErrorsTest, FdWordsNameAPipe) {
  const Pipe pipe;
  EXPECT_NE(FdWords(pipe.read_end.get()).find(" (pipe:["), std::string::npos);
}

TEST(ErrorsTest, FdWordsOfAClosedFdAreItsNumber) {
  EXPECT_EQ(FdWords(-1), "fd -1");
  EXPECT_EQ(FdWords(123456), "fd 123456");
}

TEST(ErrorsTest, PathWordsSayThatANameIsEmpty) {
  EXPECT_EQ(PathWords("/tmp/data"), "/tmp/data");
  EXPECT_EQ(PathWords(""), "\"\" (the name is empty)");
}

}  // namespace
}  // namespace uasio
