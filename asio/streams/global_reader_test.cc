// A Reader that is opened before main(), and closed when the program exits.

#include "asio/streams/reader.h"
#include "gtest/gtest.h"

namespace uasio {
namespace {

Reader global_reader = *Reader::Open("/proc/self/exe");

// It has read ahead when its destructor runs.  The program's status tells if
// that fails.
TEST(GlobalReaderTest, IsClosedWhenTheProgramExits) {
  EXPECT_EQ(global_reader.GetC(), 0x7f);
  EXPECT_EQ(global_reader.GetC(), 'E');
}

}  // namespace
}  // namespace uasio
