// Compiles programs that use libaio in different ways, and runs them by
// uasio-aio.  Their own libaio is a stub, whose io_setup() fails.

#ifndef UASIO_TOOLS_AIO_UASIO_AIO_TESTING_H_
#define UASIO_TOOLS_AIO_UASIO_AIO_TESTING_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "asio/testing/sanitizers.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"
#include "tools/common/program_testing.h"

namespace uasio {

class UasioAioTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v gcc >/dev/null") != 0) {
      GTEST_SKIP() << "gcc is not installed";
    }
    if (kSanitized) GTEST_SKIP() << "a sanitizer must be loaded first";
    scratch_.NewFile("versions", "LIBAIO_0.4 { global: io_setup; };");
  }

  // Returns false if the compiler fails.
  bool TryToCompile(const std::string& arguments) const {
    const std::string folder = scratch_.Path("");
    return std::system(("gcc -L" + folder + " -Wl,-rpath," + folder + " -o " +
                        folder + arguments + " 2>" + scratch_.Path("log"))
                           .c_str()) == 0;
  }

  std::string Compile(const std::string& name,
                      const std::string& options) const {
    EXPECT_TRUE(
        TryToCompile(name + " tools/aio/program_of_libaio.c " + options))
        << Contents(scratch_.Path("log"));
    return scratch_.Path(name);
  }

  // The stub by that name, which is also its SONAME.
  void NewStub(const std::string& name) const {
    EXPECT_TRUE(TryToCompile(
        name +
        " -shared -fPIC tools/aio/stub_of_libaio.c"
        " -Wl,-soname," +
        name + " -Wl,--version-script=" + scratch_.Path("versions")))
        << Contents(scratch_.Path("log"));
  }

  std::string ProgramOf(const std::string& library) const {
    NewStub(library);
    return Compile("program", "-l:" + library);
  }

  Outcome Run(const std::vector<std::string>& args) const {
    std::vector<std::string> all = {"uasio-aio"};
    all.insert(all.end(), args.begin(), args.end());
    return RunProgram(all);
  }

  const Scratch scratch_;
};

// The folder of a build or of a user, who has copied both there.
class CopiedTest : public UasioAioTest {
 protected:
  void CopyTo(const std::string& folder) const {
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file("tools/aio/uasio-aio", folder + "/uasio-aio");
  }
  void CopyLibraryTo(const std::string& folder) const {
    std::filesystem::copy_file("asio/compat/libaio/libaio.so.1",
                               folder + "/libaio.so.1");
  }
};

}  // namespace uasio

#endif  // UASIO_TOOLS_AIO_UASIO_AIO_TESTING_H_
