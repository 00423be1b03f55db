// Runs the tools as a user would, and returns the exit code and the output.
//
//   const Outcome outcome = RunProgram({"asio_cp", "source", "target"});
//   EXPECT_EQ(outcome.exit_code, 0) << outcome.err;

#ifndef UASIO_TOOLS_COMMON_PROGRAM_TESTING_H_
#define UASIO_TOOLS_COMMON_PROGRAM_TESTING_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "asio/testing/fd.h"

namespace uasio {

struct Outcome {
  int exit_code = -1;    // -1: a signal ended the program.
  int signal = 0;        // 0: the program exited.
  std::string out, err;  // Empty if ProgramOptions redirects them.
};

struct ProgramOptions {
  // Borrowed fds.  -1: no input; output goes to Outcome::out and err.
  int in = -1;
  int out = -1;
  int err = -1;

  // Called between fork(2) and exec(2).
  std::function<void()> in_child = [] {};
};

// A running program.  The destructor kills it with SIGKILL if it still runs.
class Program {
 public:
  // args[0] is the name of one of our tools, like "asio_cp", or the absolute
  // path of another program.
  explicit Program(const std::vector<std::string>& args,
                   const ProgramOptions& options = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Kill(int signal) const;

  // Waits until the program has ended.
  Outcome Wait();

 private:
  pid_t pid_ = -1;
  Fd out_, err_;
};

Outcome RunProgram(const std::vector<std::string>& args,
                   const ProgramOptions& options = {});

// As RunProgram(), but each write to standard output fails with ENOSPC.
Outcome RunProgramOnAFullDisk(const std::vector<std::string>& args);

// For ProgramOptions::in_child: after exec(2), the permission bits of files
// apply to root, too.
void ObeyPermissions();

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_PROGRAM_TESTING_H_
