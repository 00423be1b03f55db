// asio_sum [FILES...|-]: prints or checks SHA-256 checksums of many files, like
// sha256sum(1).
//
// The worked example of syslets: see file_sums.cc.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "asio/errors.h"
#include "tools/common/command_line.h"
#include "tools/sum/file_sums.h"
#include "tools/sum/sum_lines.h"

ABSL_FLAG(bool, check, false, "read checksums from FILES and check them");
ABSL_FLAG(bool, c, false, "the same as --check");
ABSL_FLAG(bool, zero, false, "end lines with NUL, and do not escape names");
ABSL_FLAG(bool, z, false, "the same as --zero");
ABSL_FLAG(
    std::string, files0_from, "",
    "sum the files named in this file, where each name ends with NUL; - is "
    "standard input");
ABSL_FLAG(bool, ignore_missing, false, "with --check: skip missing files");
ABSL_FLAG(bool, quiet, false, "with --check: do not print OK");
ABSL_FLAG(bool, status, false, "with --check: print nothing but errors");
ABSL_FLAG(bool, strict, false, "with --check: fail for badly formatted lines");
ABSL_FLAG(bool, warn, false, "with --check: warn of each badly formatted line");
ABSL_FLAG(bool, w, false, "the same as --warn");
ABSL_FLAG(uint32_t, depth, 1024,
          "how many files are in flight, each with 64k of memory; limited by "
          "the number of open files (ulimit -n)");
ABSL_FLAG(uint32_t, threads, 2, "how many threads compute checksums");

namespace uasio {
namespace {

constexpr char kUsage[] = R"(usage: asio_sum [FLAGS] [FILES...|-]

Prints the SHA-256 checksum of each file as sha256sum does, or with --check
checks those in FILES.  Without FILES, and for -, it reads standard input.
)";

constexpr uint32_t kDepthMax = 65536;
constexpr uint32_t kThreadsMax = 64;
constexpr rlim_t kOtherFds = 32;  // What the tool and the library need.

bool failed = false;  // Then the exit code is 1.

// Prints the error.  The program continues.
void Fail(absl::string_view message) {
  PrintError(message);
  failed = true;
}

void Fail(int error, const std::string& context) {
  Fail(ErrnoStatus(error, PathWords(context)).message());
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

SumOptions Options() {
  SumOptions options;
  options.depth = absl::GetFlag(FLAGS_depth);
  options.threads = absl::GetFlag(FLAGS_threads);
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
      limit.rlim_cur != RLIM_INFINITY) {
    const rlim_t room =
        limit.rlim_cur > kOtherFds ? limit.rlim_cur - kOtherFds : 1;
    options.depth = std::min<size_t>(options.depth, room);
  }
  return options;
}

void Sum(std::function<std::optional<FileToSum>()> next,
         std::function<void(const FileSum& sum)> deliver) {
  const absl::Status status =
      SumFiles(Options(), std::move(next), std::move(deliver));
  if (!status.ok()) Fail(status.message());
}

// The lines of a file, or standard input.
class Lines {
 public:
  // Each line ends with `end`; the last one may lack it.
  Lines(const std::string& path, char end) : path_(path), end_(end) {
    file_ = path == "-" ? stdin : std::fopen(path.c_str(), "re");
    if (file_ == nullptr) Fail(errno, path);
  }
  ~Lines() {
    if (file_ != nullptr && file_ != stdin) std::fclose(file_);
    std::free(line_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool opened() const { return file_ != nullptr; }
  // True if the lines come from standard input and `name` is standard input,
  // too: then no other file can be read from it.
  bool AreReadFrom(const std::string& name) const {
    return IsStandardInput(path_) && IsStandardInput(name);
  }
  std::string name() const { return path_ == "-" ? "standard input" : path_; }
  size_t count() const { return count_; }

  std::optional<std::string> Next() {
    errno = 0;
    ssize_t size = getdelim(&line_, &capacity_, end_, file_);
    if (size < 0) {
      if (std::ferror(file_)) Fail(errno, name());
      return std::nullopt;
    }
    ++count_;
    if (size > 0 && line_[size - 1] == end_) --size;
    return std::string(line_, static_cast<size_t>(size));
  }

 private:
  const std::string path_;
  const char end_;
  FILE* file_;
  char* line_ = nullptr;
  size_t capacity_ = 0;
  size_t count_ = 0;
};

// ---- Printing checksums ----------------------------------------------------

void PrintSum(const FileSum& sum) {
  if (sum.error != 0) return Fail(sum.error, sum.file.name);
  const bool zero = absl::GetFlag(FLAGS_zero);
  Print(
      (zero ? FormatSumLineZero : FormatSumLine)({sum.digest, sum.file.name}));
}

void SumNamed(const std::vector<std::string>& names) {
  size_t i = 0;
  Sum(
      [&]() -> std::optional<FileToSum> {
        if (i == names.size()) return std::nullopt;
        return FileToSum{names[i++], ""};
      },
      PrintSum);
}

void SumListed(const std::string& list) {
  Lines lines(list, '\0');
  if (!lines.opened()) return;
  Sum(
      [&]() -> std::optional<FileToSum> {
        while (std::optional<std::string> name = lines.Next()) {
          if (lines.AreReadFrom(*name)) {
            Fail(absl::StrCat("the names come from standard input, so ", *name,
                              " cannot be summed"));
          } else if (name->empty()) {
            Fail(absl::StrCat(lines.name(), ": name ", lines.count(),
                              " is empty"));
          } else {
            return FileToSum{*std::move(name), ""};
          }
        }
        return std::nullopt;
      },
      PrintSum);
}

// ---- Checking checksums ----------------------------------------------------

// Returns "1 line is", or "2 lines are".
std::string Counted(size_t count, const char* one, const char* many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// Checks the checksums in one file.
class Check {
 public:
  // All files share one parser, as in sha256sum.
  Check(const std::string& path, SumLineParser* parser)
      : lines_(path, '\n'), parser_(parser) {}

  void Run() {
    if (!lines_.opened()) return;
    Sum([this] { return Next(); },
        [this](const FileSum& sum) { Compare(sum); });
    Summarize();
  }

 private:
  std::optional<FileToSum> Next() {
    while (std::optional<std::string> line = lines_.Next()) {
      if (!line->empty() && line->back() == '\r') line->pop_back();
      if (line->empty() || line->front() == '#') continue;
      std::optional<SumLine> sum = parser_->Parse(*line);
      if (sum.has_value() && !lines_.AreReadFrom(sum->name)) {
        ++good_lines_;
        return FileToSum{std::move(sum->name), std::move(sum->digest)};
      }
      ++bad_lines_;
      if (absl::GetFlag(FLAGS_warn))
        Warn(absl::StrCat(lines_.name(), ": ", lines_.count(),
                          ": improperly formatted SHA256 checksum line"));
    }
    return std::nullopt;
  }

  void Compare(const FileSum& sum) {
    if (sum.error == ENOENT && absl::GetFlag(FLAGS_ignore_missing)) return;
    if (sum.error != 0) {
      Fail(sum.error, sum.file.name);
      ++unread_;
      return PrintResult(sum.file.name, "FAILED open or read");
    }
    ++checked_;
    if (sum.digest == sum.file.expected) {
      ++matching_;
      if (!absl::GetFlag(FLAGS_quiet)) PrintResult(sum.file.name, "OK");
    } else {
      PrintResult(sum.file.name, "FAILED");
    }
  }

  void Summarize() {
    if (good_lines_ == 0) {
      return Fail(absl::StrCat(lines_.name(),
                               ": no properly formatted checksum lines found"));
    }
    if (bad_lines_ > 0) {
      Warn(
          absl::StrCat("WARNING: ", Counted(bad_lines_, "line is", "lines are"),
                       " improperly formatted"));
      failed |= absl::GetFlag(FLAGS_strict);
    }
    if (unread_ > 0) {
      Warn(absl::StrCat(
          "WARNING: ", Counted(unread_, "listed file", "listed files"),
          " could not be read"));
    }
    if (checked_ > matching_) {
      Warn(absl::StrCat("WARNING: ",
                        Counted(checked_ - matching_, "computed checksum",
                                "computed checksums"),
                        " did NOT match"));
      failed = true;
    }
    if (matching_ == 0 && absl::GetFlag(FLAGS_ignore_missing)) {
      Warn(absl::StrCat(lines_.name(), ": no file was verified"));
      failed = true;
    }
  }

  static void PrintResult(const std::string& name, const char* result) {
    if (absl::GetFlag(FLAGS_status)) return;
    Print(absl::StrCat(OnOneLine(name), ": ", result, "\n"));
  }

  // Unlike Fail(), does not change the exit code.
  static void Warn(const std::string& message) {
    if (absl::GetFlag(FLAGS_status)) return;
    PrintError(message);
  }

  Lines lines_;
  SumLineParser* const parser_;
  size_t good_lines_ = 0;
  size_t bad_lines_ = 0;
  size_t unread_ = 0;
  size_t checked_ = 0;
  size_t matching_ = 0;
};

void CheckFlags(const std::vector<std::string>& names) {
  // The short names.
  if (absl::GetFlag(FLAGS_c)) absl::SetFlag(&FLAGS_check, true);
  if (absl::GetFlag(FLAGS_z)) absl::SetFlag(&FLAGS_zero, true);
  if (absl::GetFlag(FLAGS_w)) absl::SetFlag(&FLAGS_warn, true);
  const bool check = absl::GetFlag(FLAGS_check);
  const bool listed = !absl::GetFlag(FLAGS_files0_from).empty();
  if (listed && !names.empty()) {
    ExitWithUsage("FILES cannot be combined with --files0-from");
  }
  if (check && (listed || absl::GetFlag(FLAGS_zero))) {
    ExitWithUsage("--check cannot be combined with --files0-from or --zero");
  }
  if (!check && (absl::GetFlag(FLAGS_ignore_missing) ||
                 absl::GetFlag(FLAGS_quiet) || absl::GetFlag(FLAGS_status) ||
                 absl::GetFlag(FLAGS_strict) || absl::GetFlag(FLAGS_warn))) {
    ExitWithUsage(
        "--ignore-missing, --quiet, --status, --strict and --warn are for "
        "--check");
  }
  const uint32_t depth = absl::GetFlag(FLAGS_depth);
  if (depth == 0 || depth > kDepthMax) {
    ExitWithUsage(absl::StrCat("--depth must be from 1 to ", kDepthMax));
  }
  const uint32_t threads = absl::GetFlag(FLAGS_threads);
  if (threads == 0 || threads > kThreadsMax) {
    ExitWithUsage(absl::StrCat("--threads must be from 1 to ", kThreadsMax));
  }
}

void Run(std::vector<std::string> names) {
  const std::string list = absl::GetFlag(FLAGS_files0_from);
  if (!list.empty()) return SumListed(list);
  if (names.empty()) names.push_back("-");
  if (!absl::GetFlag(FLAGS_check)) return SumNamed(names);
  SumLineParser parser;
  for (const std::string& name : names) Check(name, &parser).Run();
}

}  // namespace
}  // namespace uasio

int main(int argc, char** argv) {
  std::vector<std::string> names =
      uasio::ParseCommandLine(argc, argv, uasio::kUsage);
  uasio::CheckFlags(names);
  uasio::Run(std::move(names));
  const int code = uasio::ExitCode(absl::OkStatus());
  return uasio::failed ? 1 : code;
}
