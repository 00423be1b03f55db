// uasio-aio PROGRAM [ARGS...]: runs a program on uasio's libaio.so.1.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "asio/errors.h"
#include "tools/aio/program.h"
#include "tools/common/command_line.h"

ABSL_FLAG(int, threads, 0,
          "most threads of the pool, 1 to 4096; 0: UASIO_THREADS_MAX, or 64");
ABSL_FLAG(bool, summary, false,
          "print a line on stderr when a process of PROGRAM calls exit");

namespace uasio {
namespace {

constexpr char kUsage[] =
    "usage: uasio-aio [FLAGS] PROGRAM [ARGS...]\n\n"
    "Runs PROGRAM on uasio's libaio.so.1, which performs requests by a pool "
    "of\n"
    "threads and needs no asynchronous I/O of the kernel.  FLAGS end at "
    "PROGRAM.\n\n"
    "Caught are the calls of libaio's functions, by PROGRAM, its libraries "
    "and\n"
    "the programs that it starts; it does not matter whether they were linked\n"
    "with libaio.so.1 or with libaio.so.1t64.  Not caught are the system "
    "calls\n"
    "io_setup, io_submit and so on that a program makes itself, by syscall(2) "
    "or\n"
    "inline, and programs that are started without LD_PRELOAD.  A line on "
    "stderr\n"
    "says so if PROGRAM does not link libaio, or can call syscall(2).\n\n"
    "PROGRAM is not run if nothing of it would be caught: it is linked\n"
    "statically, is for another machine or C library, or has other privileges\n"
    "than its user.  A script is judged by its interpreter.\n\n"
    "The other settings of the library are environment variables, such as\n"
    "UASIO_IDLE_SECONDS; uasio's docs/libaio.md lists them.\n\n"
    "Exit status: that of PROGRAM; 2: the command line is wrong; 125: "
    "libaio.so.1\n"
    "is not there; 126: PROGRAM cannot be run; 127: there is no PROGRAM.\n";

constexpr int kThreadsMax = 4096;  // What UASIO_THREADS_MAX permits.
constexpr int kNoLibrary = 125, kCannotRun = 126, kNoProgram = 127;

int Fail(const absl::Status& status, int exit_code) {
  PrintError(status.message());
  return exit_code;
}

// The library is in this program's folder, or where the build or the
// installation has it from there.
absl::StatusOr<std::string> FindLibrary() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return ErrnoStatus(error.value(), "/proc/self/exe");
  std::string tried;
  for (const char* place : {"libaio.so.1", UASIO_LIBAIO_PLACE}) {
    const auto path = (self.parent_path() / place).lexically_normal();
    if (std::filesystem::exists(path, error)) return path.string();
    absl::StrAppend(&tried, tried.empty() ? "" : " or ", path.string());
  }
  return absl::NotFoundError("there is no " + tried);
}

void Prepend(const char* variable, const std::string& value) {
  const char* old = std::getenv(variable);
  const bool has = old != nullptr && *old != '\0';
  setenv(variable, absl::StrCat(value, has ? ":" : "", has ? old : "").c_str(),
         1);
}

// By LD_LIBRARY_PATH also dlopen("libaio.so.1t64") finds the library.
absl::Status SetEnvironment(const std::string& library) {
  if (library.find_first_of(" :;$") != std::string::npos) {
    return absl::FailedPreconditionError(
        absl::StrCat("LD_PRELOAD cannot name ", library,
                     ", which has a space, colon, semicolon or dollar sign"));
  }
  Prepend("LD_PRELOAD", library);
  Prepend("LD_LIBRARY_PATH",
          std::filesystem::path(library).parent_path().string());
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads > 0) {
    setenv("UASIO_THREADS_MAX", absl::StrCat(threads).c_str(), 1);
  }
  if (absl::GetFlag(FLAGS_summary)) setenv("UASIO_SUMMARY", "1", 1);
  return absl::OkStatus();
}

int Exec(const std::string& path, const std::vector<std::string>& args) {
  std::vector<char*> argv;
  for (const std::string& arg : args) {
    argv.push_back(const_cast<char*>(arg.c_str()));
  }
  argv.push_back(nullptr);
  execv(path.c_str(), argv.data());
  const int error = errno;
  return Fail(ErrnoStatus(error, "cannot run " + path),
              error == ENOENT ? kNoProgram : kCannotRun);
}

int Run(const std::vector<std::string>& args) {
  const int threads = absl::GetFlag(FLAGS_threads);
  if (threads < 0 || threads > kThreadsMax) {
    ExitWithUsage(absl::StrCat("--threads must be 0 to ", kThreadsMax));
  }
  if (args.empty()) ExitWithUsage("there must be a PROGRAM");
  const absl::StatusOr<std::string> library = FindLibrary();
  if (!library.ok()) return Fail(library.status(), kNoLibrary);
  const absl::StatusOr<std::string> path = FindProgram(args[0]);
  const absl::StatusOr<std::vector<std::string>> not_caught =
      path.ok() ? NotCaught(*path) : path.status();
  if (!not_caught.ok()) {
    return Fail(not_caught.status(), absl::IsNotFound(not_caught.status())
                                         ? kNoProgram
                                         : kCannotRun);
  }
  for (const std::string& sentence : *not_caught) PrintError(sentence);
  const absl::Status status = SetEnvironment(*library);
  if (!status.ok()) return Fail(status, kNoLibrary);
  return Exec(*path, args);
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  return uasio::Run(uasio::ParseCommandLine(argc, argv, uasio::kUsage,
                                            uasio::FlagsEnd::kAtFirstArgument));
}
