#include "tools/common/command_line.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "asio/errors.h"

namespace uasio {
namespace {

// Not Abseil's ParseCommandLine(): it exits with 1 for a bad flag and --help.

std::string& ToolName() {
  static std::string* const name = new std::string("uasio");
  return *name;
}

// Opens /dev/null for each standard fd that is closed, so that no file that the
// tool opens, such as DST, becomes fd 2.  Opens it in the wrong direction, so
// that using the fd fails as if it were closed.
void OpenStandardFds() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
      std::abort();
    }
  }
}

// `bazel run` starts the tool in its runfiles and passes the user's directory
// in BUILD_WORKING_DIRECTORY.  Child processes inherit that variable, so it is
// ignored outside of runfiles.
void ChangeToUsersDirectory() {
  const char* directory = getenv("BUILD_WORKING_DIRECTORY");
  char here[PATH_MAX];
  if (directory == nullptr || getcwd(here, sizeof(here)) == nullptr ||
      !absl::StrContains(here, ".runfiles/") || chdir(directory) == 0) {
    return;
  }
  ExitWithUsage(
      absl::StrCat("cannot change to ", directory, ": ", strerror(errno)));
}

// Abseil defines flags of its own; a tool's flags are those from our folder.
bool IsOurs(const absl::CommandLineFlag& flag) {
  return absl::StrContains(flag.Filename(), "tools/") &&
         !absl::StrContains(flag.Filename(), "absl/");
}

// As the user spells it: with hyphens where C++ has underscores.
std::string Spelled(absl::string_view name) {
  return absl::StrCat(name.size() == 1 ? "-" : "--",
                      absl::StrReplaceAll(name, {{"_", "-"}}));
}

[[noreturn]] void PrintHelp(absl::string_view usage) {
  std::printf("%s\n", std::string(usage).c_str());
  std::map<std::string, absl::CommandLineFlag*> sorted;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOurs(*flag)) sorted[std::string(name)] = flag;
  }
  for (const auto& [name, flag] : sorted) {
    std::printf("  %s: %s (default: %s)\n", Spelled(name).c_str(),
                flag->Help().c_str(), flag->DefaultValue().c_str());
  }
  std::exit(ExitCode(absl::OkStatus()));
}

absl::CommandLineFlag* FindFlag(absl::string_view name) {
  absl::CommandLineFlag* flag =
      absl::FindCommandLineFlag(absl::StrReplaceAll(name, {{"-", "_"}}));
  return flag != nullptr && IsOurs(*flag) ? flag : nullptr;
}

void SetFlag(absl::CommandLineFlag* flag, absl::string_view value) {
  std::string error;
  if (!flag->ParseFrom(value, &error)) ExitWithUsage(error);
}

// Always prints one line: a path in `message` may have newlines.
void PrintLine(absl::string_view message, absl::string_view suffix) {
  std::string line = absl::StrCat(ToolName(), ": ");
  for (char c : message) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppendFormat(&line, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  absl::StrAppend(&line, suffix, "\n");
  std::fputs(line.c_str(), stderr);
}

// An earlier flush may have failed: ferror() says so, but its errno is lost.
absl::Status FlushOutput() {
  constexpr char kWhat[] = "cannot write to standard output";
  if (std::fflush(stdout) != 0) return ErrnoStatus(errno, kWhat);
  if (std::ferror(stdout) != 0) return absl::DataLossError(kWhat);
  return absl::OkStatus();
}

// Sets the flag in `argument`: a "name", "name=value" or "noname".  Returns
// false if the flag's value is the next argument.
bool ParseFlag(absl::string_view argument, absl::CommandLineFlag** flag) {
  const size_t equals = argument.find('=');
  const absl::string_view name = argument.substr(0, equals);
  *flag = FindFlag(name);
  if (*flag == nullptr && absl::ConsumePrefix(&argument, "no") &&
      equals == absl::string_view::npos) {
    *flag = FindFlag(argument);
    if (*flag != nullptr && (*flag)->IsOfType<bool>()) {
      return SetFlag(*flag, "false"), true;
    }
    *flag = nullptr;
  }
  if (*flag == nullptr) ExitWithUsage(absl::StrCat("no flag --", name));
  if (equals != absl::string_view::npos) {
    // ConsumePrefix() did not touch `argument`, or the flag would be null.
    return SetFlag(*flag, argument.substr(equals + 1)), true;
  }
  if (!(*flag)->IsOfType<bool>()) return false;
  return SetFlag(*flag, "true"), true;
}

// Sets the boolean flags in `letters`, of "-letters".  Returns false, and sets
// none, if `letters` is a flag or one of them is no boolean flag.
bool ParseLetters(absl::string_view letters) {
  if (FindFlag(letters) != nullptr) return false;
  const auto find = [](char letter) {
    absl::CommandLineFlag* flag = FindFlag(std::string(1, letter));
    return flag != nullptr && flag->IsOfType<bool>() ? flag : nullptr;
  };
  for (char letter : letters) {
    if (find(letter) == nullptr) return false;
  }
  for (char letter : letters) SetFlag(find(letter), "true");
  return !letters.empty();
}

}  // namespace

std::vector<std::string> ParseCommandLine(int argc, char** argv,
                                          absl::string_view usage,
                                          FlagsEnd end) {
  ToolName() = basename(argv[0]);
  OpenStandardFds();
  ChangeToUsersDirectory();
  std::vector<std::string> rest;
  bool flags_may_follow = true;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (!flags_may_follow || argument == "-" ||
        !absl::ConsumePrefix(&argument, "-")) {
      rest.emplace_back(argument);
      if (end == FlagsEnd::kAtFirstArgument) flags_may_follow = false;
      continue;
    }
    const bool one_dash = !absl::ConsumePrefix(&argument, "-");
    if (argument == "help" || argument == "h") PrintHelp(usage);
    if (argument.empty()) {
      flags_may_follow = false;
      continue;
    }
    if (one_dash && ParseLetters(argument)) continue;
    absl::CommandLineFlag* flag;
    if (ParseFlag(argument, &flag)) continue;
    if (++i == argc)
      ExitWithUsage(absl::StrCat("--", argument, " needs a value"));
    SetFlag(flag, argv[i]);
  }
  return rest;
}

void IgnoreSignalsOfFailedWrites() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void ExitWithUsage(absl::string_view message) {
  PrintLine(message, "; see --help");
  std::exit(2);
}

void PrintError(absl::string_view message) {
  std::fflush(stdout);  // Keeps the order of both on a terminal.
  PrintLine(message, "");
}

int ExitCode(const absl::Status& status) {
  const absl::Status written = FlushOutput();
  for (const absl::Status& s : {status, written}) {
    if (!s.ok()) PrintError(s.message());
  }
  return status.ok() && written.ok() ? 0 : 1;
}

bool AbslParseFlag(absl::string_view text, Bytes* bytes, std::string* error) {
  static constexpr absl::string_view kUnits = "kmg";
  absl::string_view digits = text;
  int shift = 0;
  if (!digits.empty()) {
    const size_t unit = kUnits.find(static_cast<char>(tolower(digits.back())));
    if (unit != absl::string_view::npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      digits.remove_suffix(1);
    }
  }
  if (absl::SimpleAtoi(digits, &bytes->count) &&
      bytes->count <= UINT64_MAX >> shift) {
    bytes->count <<= shift;
    return true;
  }
  *error = "not a number of bytes, like 4096, 64k, 1m or 2g";
  return false;
}

std::string AbslUnparseFlag(Bytes bytes) {
  static constexpr char kUnits[] = {'k', 'm', 'g'};
  uint64_t count = bytes.count;
  int unit = -1;
  while (unit < 2 && count > 0 && count % 1024 == 0) {
    count /= 1024;
    ++unit;
  }
  if (unit < 0) return absl::StrCat(count);
  return absl::StrCat(count, absl::string_view(&kUnits[unit], 1));
}

}  // namespace uasio
