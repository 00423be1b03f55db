#include "tools/scatter/scatter.h"

#include <endian.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "tools/common/fatal_signals.h"

namespace uasio {
namespace {

// Reads the next record.  Returns false at the end, and if in->status() is not
// OK.  The record points into `in` or `memory`, until the next call.
bool ReadRecord(const ScatterOptions& options, Reader* in, std::string* memory,
                absl::string_view* record) {
  if (options.record_bytes == 0) {
    return in->ReadLine(record, options.line_bytes_max);
  }
  if (in->available() >= options.record_bytes) {
    *record = in->view().substr(0, options.record_bytes);
    in->Advance(record->size());
    return true;
  }
  memory->resize(options.record_bytes);
  *record = {memory->data(), in->Read(&(*memory)[0], options.record_bytes)};
  return !record->empty() && in->ok();
}

// Only the last record of all may be incomplete.
bool IsWhole(const ScatterOptions& options, absl::string_view record) {
  return options.record_bytes == 0 ? absl::EndsWith(record, "\n")
                                   : record.size() == options.record_bytes;
}

// Reads up to eight bytes, little-endian.
uint64_t Word(absl::string_view bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), bytes.size());
  return le64toh(word);
}

// MurmurHash64A.  It is the same on every machine and must never change, so
// that equal records of two files go to parts with the same number.
uint64_t Hash(absl::string_view record) {
  constexpr uint64_t kFactor = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  record = absl::StripSuffix(record, "\n");
  uint64_t hash = record.size() * kFactor;
  for (; record.size() >= 8; record.remove_prefix(8)) {
    uint64_t word = Word(record.substr(0, 8)) * kFactor;
    word = (word ^ word >> kShift) * kFactor;
    hash = (hash ^ word) * kFactor;
  }
  if (!record.empty()) hash = (hash ^ Word(record)) * kFactor;
  hash = (hash ^ hash >> kShift) * kFactor;
  return hash ^ hash >> kShift;
}

class Splitter {
 public:
  Splitter(Reader* in, const ScatterOptions& options)
      : in_(in), options_(options) {}

  absl::Status Run() {
    absl::Status status = Create();
    if (status.ok()) status = WriteParts();
    for (Writer& file : files_) status.Update(file.Close());
    const FatalSignalBlocker blocker;
    for (const Writer& file : files_) {
      const std::string& path = file.file().path();
      if (!status.ok()) unlink(path.c_str());
      KeepOnFatalSignal(path);
    }
    return status;
  }

 private:
  // Creates the parts, and the order file if by_hash.
  absl::Status Create() {
    for (size_t i = 0; i < options_.parts; ++i) {
      const absl::Status status = CreateFile(PartName(options_, i));
      if (!status.ok()) return status;
    }
    return options_.by_hash ? CreateFile(OrderName(options_))
                            : absl::OkStatus();
  }

  absl::Status CreateFile(const std::string& name) {
    WriterOptions options;
    static_cast<StreamOptions&>(options) = options_.streams;
    options.existing = WriterOptions::Existing::kRefuse;
    const FatalSignalBlocker blocker;
    absl::StatusOr<Writer> file = Writer::Open(name, options);
    if (!file.ok()) return file.status();
    RemoveOnFatalSignal(name);
    files_.push_back(*std::move(file));
    return absl::OkStatus();
  }

  absl::Status WriteParts() {
    absl::string_view record;
    std::string memory;
    for (uint64_t i = 0; ReadRecord(options_, in_, &memory, &record); ++i) {
      const uint64_t chosen = options_.by_hash ? Hash(record) : i;
      const size_t part = static_cast<size_t>(chosen % options_.parts);
      if (!files_[part].Write(record)) return files_[part].status();
      if (options_.by_hash && !WriteOrder(part)) return files_.back().status();
    }
    return in_->status();
  }

  bool WriteOrder(size_t part) {
    return files_.back().PutC(static_cast<char>(part & 0xff)) &&
           files_.back().PutC(static_cast<char>(part >> 8));
  }

  Reader* const in_;
  const ScatterOptions& options_;
  std::vector<Writer> files_;  // The parts; by_hash: then the order file.
};

class Merger {
 public:
  Merger(const ScatterOptions& options, Writer* out)
      : options_(options), out_(out) {}

  absl::Status Run() {
    absl::Status status = Open();
    if (status.ok()) status = ReadParts();
    return status.ok() ? CheckAllAreAtTheirEnd() : status;
  }

 private:
  absl::Status Open() {
    ReaderOptions options;
    static_cast<StreamOptions&>(options) = options_.streams;
    for (size_t i = 0; i < options_.parts + options_.by_hash; ++i) {
      const bool is_part = i < options_.parts;
      absl::StatusOr<Reader> file = Reader::Open(
          is_part ? PartName(options_, i) : OrderName(options_), options);
      if (!file.ok()) return file.status();
      files_.push_back(*std::move(file));
    }
    return absl::OkStatus();
  }

  absl::Status ReadParts() {
    absl::string_view record;
    std::string memory;
    const Reader* cut = nullptr;  // The part that had an incomplete record.
    for (uint64_t i = 0;; ++i) {
      const absl::StatusOr<std::optional<size_t>> next = NextPart(i);
      if (!next.ok() || !next->has_value()) return next.status();
      Reader& file = files_[**next];
      if (!ReadRecord(options_, &file, &memory, &record)) return End(file);
      if (cut != nullptr) return CutOff(*cut);
      if (!IsWhole(options_, record)) cut = &file;
      if (!out_->Write(record)) return out_->status();
    }
  }

  // Returns the part that record i is in; nullopt: there are no more records.
  // Without by_hash, it returns a part even if that has no more.
  absl::StatusOr<std::optional<size_t>> NextPart(uint64_t i) {
    if (!options_.by_hash) return i % options_.parts;
    Reader& order = files_.back();
    const int low = order.GetC();
    if (low < 0 && order.ok()) return std::nullopt;
    const int high = order.GetC();
    if (!order.ok()) return order.status();
    if (high >= 0) {
      const size_t part = static_cast<size_t>(low | high << 8);
      if (part < options_.parts) return part;
    }
    return absl::DataLossError(
        absl::StrCat(order.file().path(),
                     ": no valid part number before offset ", order.Tell()));
  }

  // Returns the result of the merge when NextPart() has chosen `file` and it
  // has no record: without by_hash, all records are merged.
  absl::Status End(const Reader& file) const {
    if (!file.ok() || !options_.by_hash) return file.status();
    return absl::DataLossError(
        absl::StrCat(file.file().path(), " ends at offset ", file.Tell(),
                     ", but ", OrderName(options_), " has more records of it"));
  }

  // The error if `file` ends within a record and other records follow.
  absl::Status CutOff(const Reader& file) const {
    return absl::DataLossError(
        absl::StrCat(file.file().path(), " ends within a record, at offset ",
                     file.Tell(), ", and it is not the last one"));
  }

  absl::Status CheckAllAreAtTheirEnd() {
    for (Reader& file : files_) {
      if (file.Pull()) {
        return absl::DataLossError(
            absl::StrCat(file.file().path(),
                         " has more records than it should, "
                         "from offset ",
                         file.Tell(), " on"));
      }
      const absl::Status status = file.Close();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const ScatterOptions& options_;
  Writer* const out_;
  std::vector<Reader> files_;  // The parts; by_hash: then the order file.
};

}  // namespace

std::string PartName(const ScatterOptions& options, size_t part) {
  return absl::StrFormat("%s-%05d-of-%05d", options.prefix, part,
                         options.parts);
}

std::string OrderName(const ScatterOptions& options) {
  return absl::StrCat(options.prefix, "-order");
}

absl::Status SplitRecords(Reader* in, const ScatterOptions& options) {
  return Splitter(in, options).Run();
}

absl::Status MergeRecords(const ScatterOptions& options, Writer* out) {
  return Merger(options, out).Run();
}

}  // namespace uasio
