// Runs the tools as a user would, and tells how it went.
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
  int exit_code = -1;    // Unless a signal
  int signal = 0;        // has ended it.
  std::string out, err;  // As far as they went to where they go by default.
};

struct ProgramOptions {
  // Borrowed; -1: nothing to read, and Outcome::out and err.
  int in = -1;
  int out = -1;
  int err = -1;

  // Called between fork(2) and exec(2).
  std::function<void()> in_child = [] {};
};

// A running program; killed, if it still runs then, with its object.
class Program {
 public:
  // args[0] is the name of one of our tools, as "asio_cp", or the absolute path
  // of another program.
  explicit Program(const std::vector<std::string>& args,
                   const ProgramOptions& options = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Kill(int signal) const;

  // Waits until it has ended.
  Outcome Wait();

 private:
  pid_t pid_ = -1;
  Fd out_, err_;
};

Outcome RunProgram(const std::vector<std::string>& args,
                   const ProgramOptions& options = {});

// The same where nothing can be written to standard output: the disk is full.
Outcome RunProgramOnAFullDisk(const std::vector<std::string>& args);

// For ProgramOptions::in_child: from the exec(2) on, root, too, is subject to
// the permission bits of files.
void ObeyPermissions();

}  // namespace uasio

#endif  // UASIO_TOOLS_COMMON_PROGRAM_TESTING_H_
