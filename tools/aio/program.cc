#include "tools/aio/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "asio/errors.h"
#include "tools/aio/elf.h"

namespace uasio {
namespace {

absl::Status Refused(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(path, " ", why));
}

absl::Status CheckExecutable(const std::string& path) {
  const std::string what = "cannot run " + PathWords(path);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, what);
  if (!S_ISREG(info.st_mode)) return ErrnoStatus(EACCES, what);
  if (access(path.c_str(), X_OK) != 0) return ErrnoStatus(errno, what);
  return absl::OkStatus();
}

// The loader ignores LD_PRELOAD if exec(2) changes the process's privileges.
absl::Status CheckPrivileges(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  const bool other_user =
      (info.st_mode & S_ISUID) != 0 && info.st_uid != geteuid();
  const bool other_group = (info.st_mode & S_ISGID) != 0 &&
                           (info.st_mode & S_IXGRP) != 0 &&
                           info.st_gid != getegid();
  const bool capabilities =
      geteuid() != 0 &&
      getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  if (!other_user && !other_group && !capabilities) return absl::OkStatus();
  return Refused(path,
                 "runs with other privileges than yours (set-user-ID, "
                 "set-group-ID or capabilities), so the loader ignores "
                 "LD_PRELOAD");
}

std::string Name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// Whether this machine's library and loader are the program's as well.
absl::Status CheckElf(const std::string& path, const Elf& elf) {
  const absl::StatusOr<Elf> own = ReadElf("/proc/self/exe");
  if (!own.ok()) return own.status();
  if (elf.kind != own->kind) {
    return Refused(path, "is for another machine than libaio.so.1");
  }
  if (elf.interpreter.empty()) {
    return Refused(path,
                   "is linked statically, so no library can be loaded into it");
  }
  if (Name(elf.interpreter) == Name(own->interpreter)) return absl::OkStatus();
  return Refused(path,
                 absl::StrCat("is loaded by ", elf.interpreter,
                              ", and libaio.so.1 needs ", own->interpreter));
}

// The interpreter of the script: "/bin/sh" of "#!/bin/sh -e"; "" if it is no
// script.
std::string ScriptInterpreter(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  char begin[256];
  stream.read(begin, sizeof(begin));
  absl::string_view text(begin, static_cast<size_t>(stream.gcount()));
  if (!absl::ConsumePrefix(&text, "#!")) return "";
  text = text.substr(0, text.find('\n'));
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  return words.empty() ? "" : std::string(words[0]);
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t bytes;
  while ((bytes = read(fd, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(bytes));
  }
  return text;
}

// The lines that the loader prints about the program's libraries; "" if it
// prints none.
std::string ListLibraries(const std::string& loader, const std::string& path) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  const std::string strings[] = {loader, "--list", path};
  char* const argv[] = {const_cast<char*>(strings[0].c_str()),
                        const_cast<char*>(strings[1].c_str()),
                        const_cast<char*>(strings[2].c_str()), nullptr};
  pid_t child = -1;
  const int error =
      posix_spawn(&child, loader.c_str(), &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(fds[1]);
  const std::string text = error == 0 ? ReadAll(fds[0]) : "";
  close(fds[0]);
  if (error == 0) waitpid(child, nullptr, 0);
  return text;
}

// Directly or by another library, under either name.
bool LinksLibaio(const std::string& loader, const std::string& path) {
  return absl::StrContains(ListLibraries(loader, path), "\tlibaio.so.1");
}

}  // namespace

absl::StatusOr<std::string> FindProgram(const std::string& name) {
  if (absl::StrContains(name, '/')) {
    const absl::Status status = CheckExecutable(name);
    if (!status.ok()) return status;
    return name;
  }
  const char* path = std::getenv("PATH");
  absl::Status failure = absl::NotFoundError(
      absl::StrCat("no program ", PathWords(name), " in PATH"));
  if (name.empty()) return failure;
  for (absl::string_view folder :
       absl::StrSplit(path != nullptr ? path : "/bin:/usr/bin", ':')) {
    const std::string candidate =
        absl::StrCat(folder.empty() ? "." : folder, "/", name);
    const absl::Status status = CheckExecutable(candidate);
    if (status.ok()) return candidate;
    if (absl::IsPermissionDenied(status)) failure = status;
  }
  return failure;
}

absl::StatusOr<std::vector<std::string>> NotCaught(const std::string& path) {
  // The kernel follows four scripts that interpret each other.
  std::string program = path;
  for (int i = 0; i < 5; ++i) {
    const std::string interpreter = ScriptInterpreter(program);
    if (interpreter.empty()) break;
    program = interpreter;
    const absl::Status status = CheckExecutable(program);
    if (!status.ok()) return status;
  }
  const absl::StatusOr<Elf> elf = ReadElf(program);
  if (absl::IsInvalidArgument(elf.status())) {
    return Refused(program, "is neither an ELF file nor a script");
  }
  if (!elf.ok()) return elf.status();
  for (const absl::Status& status :
       {CheckElf(program, *elf), CheckPrivileges(program)}) {
    if (!status.ok()) return status;
  }
  std::vector<std::string> sentences;
  if (!LinksLibaio(elf->interpreter, program)) {
    sentences.push_back(
        absl::StrCat(program,
                     " does not link libaio.so.1: only libraries that it loads "
                     "later and programs that it starts can be caught"));
  }
  if (elf->imports.count("syscall") > 0) {
    sentences.push_back(absl::StrCat(
        program,
        " has syscall(2): io_setup and the others that it calls by "
        "that reach the kernel"));
  }
  return sentences;
}

}  // namespace uasio
