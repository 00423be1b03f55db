#include "tools/common/program_testing.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace uasio {
namespace {

std::string PathOf(const std::string& tool) {
  if (tool[0] == '/') return tool;
  const char* folder = getenv("TEST_SRCDIR");
  const char* workspace = getenv("TEST_WORKSPACE");
  if (folder == nullptr || workspace == nullptr) return tool;
  const std::string tool_folder = tool.substr(tool.find_first_of("_-") + 1);
  return std::string(folder) + "/" + workspace + "/tools/" + tool_folder + "/" +
         tool;
}

// A file in memory: unlike a pipe, it never blocks the program that writes.
Fd NewSink() { return Fd(memfd_create("output", MFD_CLOEXEC)); }

std::string ContentsOf(const Fd& file) {
  std::string contents;
  char buffer[4096];
  ssize_t n;
  while ((n = pread(file.get(), buffer, sizeof(buffer),
                    static_cast<off_t>(contents.size()))) > 0) {
    contents.append(buffer, static_cast<size_t>(n));
  }
  return contents;
}

[[noreturn]] void BecomeProgram(const std::string& path,
                                const std::vector<char*>& argv, int in, int out,
                                int err, const ProgramOptions& options) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  options.in_child();
  execv(path.c_str(), argv.data());
  perror(path.c_str());
  _exit(127);
}

}  // namespace

Program::Program(const std::vector<std::string>& args,
                 const ProgramOptions& options)
    : out_(NewSink()), err_(NewSink()) {
  const std::string path = PathOf(args[0]);
  std::vector<char*> argv;
  for (const std::string& arg : args) {
    argv.push_back(const_cast<char*>(arg.c_str()));
  }
  argv.push_back(nullptr);
  const Fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  pid_ = fork();
  EXPECT_GE(pid_, 0);
  if (pid_ != 0) return;
  BecomeProgram(path, argv, options.in >= 0 ? options.in : nothing.get(),
                options.out >= 0 ? options.out : out_.get(),
                options.err >= 0 ? options.err : err_.get(), options);
}

Program::~Program() {
  if (pid_ <= 0) return;
  Kill(SIGKILL);
  Wait();
}

void Program::Kill(int signal) const { EXPECT_EQ(kill(pid_, signal), 0); }

Outcome Program::Wait() {
  Outcome outcome;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.out = ContentsOf(out_);
  outcome.err = ContentsOf(err_);
  return outcome;
}

Outcome RunProgram(const std::vector<std::string>& args,
                   const ProgramOptions& options) {
  return Program(args, options).Wait();
}

Outcome RunProgramOnAFullDisk(const std::vector<std::string>& args) {
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ProgramOptions options;
  options.out = full.get();
  return RunProgram(args, options);
}

void ObeyPermissions() {
  for (int capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH}) {
    prctl(PR_CAPBSET_DROP, capability);
  }
}

}  // namespace uasio
