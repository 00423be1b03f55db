// RunInChild() runs a function in a forked child.

#ifndef UASIO_ASIO_TESTING_CHILD_H_
#define UASIO_ASIO_TESTING_CHILD_H_

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "asio/testing/fd.h"
#include "gtest/gtest.h"

namespace uasio {

// A child that hangs is killed by its alarm.
constexpr unsigned kChildSecondsMax = 20;

struct ChildOutcome {
  int status = -1;      // As of waitpid(2); 0: all is well.
  std::string printed;  // To stderr; at most what a pipe holds.
};

// The child ends with _exit(what()).
template <typename What>
ChildOutcome RunInChild(What what) {
  ChildOutcome outcome;
  Pipe errors;
  const pid_t child = fork();
  if (child == 0) {
    alarm(kChildSecondsMax);
    dup2(errors.write_end.get(), STDERR_FILENO);
    _exit(what());
  }
  EXPECT_EQ(waitpid(child, &outcome.status, 0), child);
  outcome.printed.resize(errors.Waiting());
  EXPECT_EQ(read(errors.read_end.get(), outcome.printed.data(),
                 outcome.printed.size()),
            static_cast<ssize_t>(outcome.printed.size()));
  return outcome;
}

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_CHILD_H_
