// CopyFile() on a disk with sectors of 16 KiB.

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "asio/testing/large_sectors.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/cp/compare.h"
#include "tools/cp/copy_testing.h"

namespace uasio {
namespace {

class CopyLargeSectorsTest : public CopyingTest {
 protected:
  void MakeQueueOf(size_t buffer_bytes) {
    QueueOptions options = SmallOptions();
    options.buffer_bytes = buffer_bytes;
    MakeQueue(options);
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, CopyLargeSectorsTest,
                         testing::Values("worker", "sync"),
                         [](const auto& info) { return info.param; });

TEST_P(CopyLargeSectorsTest, FilesAreCopiedExactly) {
  MakeQueueOf(2 * kLargeSector);
  for (const size_t size : {0, 1, 4096, 16384, 40000, 131072, 200001}) {
    const std::string data = Pattern(size);
    const std::string path = scratch_.NewFile("source", data);
    const File source = OpenFile(path, O_RDONLY);
    if (!source.direct()) GTEST_SKIP() << source.why_buffered();
    ExpectCopied(source, data);
    EXPECT_TRUE(
        CompareFiles(queue_.get(), source, source, kDepth, &progress_).ok());
  }
}

TEST_P(CopyLargeSectorsTest, DataBetweenHolesIsCopiedInWholeSectors) {
  MakeQueueOf(2 * kLargeSector);
  std::string data(20 * kLargeSector, '\0');
  const std::string path = scratch_.NewFile("source");
  ASSERT_EQ(truncate(path.c_str(), static_cast<off_t>(data.size())), 0);
  const Fd out(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  for (const size_t at : {size_t{4096}, 9 * kLargeSector + 8192}) {
    const std::string bytes = Pattern(4096);
    data.replace(at, bytes.size(), bytes);
    ASSERT_EQ(
        pwrite(out.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)),
        4096);
  }
  const File source = OpenFile(path, O_RDONLY);
  if (!source.direct()) GTEST_SKIP() << source.why_buffered();
  ExpectCopied(source, data);
}

TEST_P(CopyLargeSectorsTest, ABlockOfPartsOfSectorsIsAnErrorInWords) {
  MakeQueueOf(kLargeSector + 4096);
  const File source = OpenFile(scratch_.NewFile("source", "a"), O_RDONLY);
  if (!source.direct()) GTEST_SKIP() << source.why_buffered();
  const File target = OpenFile(scratch_.NewFile("copy"), O_RDWR);
  const auto copied = RunCopy({&source, false}, {&target, false});
  EXPECT_EQ(copied.status().message(),
            source.path() +
                " wants direct I/O in blocks of 16384 bytes; a buffer has "
                "20480 bytes");
}

}  // namespace
}  // namespace uasio
