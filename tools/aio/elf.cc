#include "tools/aio/elf.h"

#include <elf.h>
#include <link.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "asio/errors.h"

namespace uasio {
namespace {

class Input {
 public:
  explicit Input(const std::string& path)
      : stream_(path, std::ios::binary | std::ios::ate),
        bytes_(stream_ ? static_cast<uint64_t>(stream_.tellg()) : 0) {}

  bool is_open() const { return stream_.is_open(); }

  // Reads an array.  Returns an empty one if the file does not have all of it.
  template <typename T>
  std::vector<T> Read(uint64_t offset, uint64_t count) {
    if (offset > bytes_ || count > (bytes_ - offset) / sizeof(T)) return {};
    std::vector<T> items(count);
    stream_.clear();
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(reinterpret_cast<char*>(items.data()),
                 static_cast<std::streamsize>(count * sizeof(T)));
    if (!stream_) items.clear();
    return items;
  }

 private:
  std::ifstream stream_;
  const uint64_t bytes_;
};

// The string that begins there; "" if it is not in `strings`.
std::string StringAt(const std::vector<char>& strings, size_t offset) {
  if (offset >= strings.size()) return "";
  const char* begin = strings.data() + offset;
  return std::string(begin, strnlen(begin, strings.size() - offset));
}

std::string Interpreter(Input* input, const ElfW(Ehdr) & header) {
  for (const auto& part :
       input->Read<ElfW(Phdr)>(header.e_phoff, header.e_phnum)) {
    if (part.p_type != PT_INTERP) continue;
    return StringAt(input->Read<char>(part.p_offset, part.p_filesz), 0);
  }
  return "";
}

std::set<std::string> Imports(Input* input, const ElfW(Ehdr) & header) {
  std::set<std::string> imports;
  const auto sections = input->Read<ElfW(Shdr)>(header.e_shoff, header.e_shnum);
  for (const auto& table : sections) {
    if (table.sh_type != SHT_DYNSYM || table.sh_link >= sections.size()) {
      continue;
    }
    const auto& names = sections[table.sh_link];
    const auto strings = input->Read<char>(names.sh_offset, names.sh_size);
    for (const auto& symbol : input->Read<ElfW(Sym)>(
             table.sh_offset, table.sh_size / sizeof(ElfW(Sym)))) {
      if (symbol.st_shndx != SHN_UNDEF) continue;
      imports.insert(StringAt(strings, symbol.st_name));
    }
  }
  imports.erase("");
  return imports;
}

constexpr unsigned char kWordSize =
    sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char kByteOrder =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

}  // namespace

absl::StatusOr<Elf> ReadElf(const std::string& path) {
  Input input(path);
  if (!input.is_open()) return ErrnoStatus(errno, "cannot open " + path);
  const auto headers = input.Read<ElfW(Ehdr)>(0, 1);
  if (headers.empty() ||
      std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no ELF file"));
  }
  const ElfW(Ehdr)& header = headers[0];
  const unsigned char word_size = header.e_ident[EI_CLASS];
  const unsigned char byte_order = header.e_ident[EI_DATA];
  Elf elf;
  elf.kind = absl::StrCat(word_size, " ", byte_order, " ", header.e_machine);
  if (word_size == kWordSize && byte_order == kByteOrder) {
    elf.interpreter = Interpreter(&input, header);
    elf.imports = Imports(&input, header);
  }
  return elf;
}

}  // namespace uasio
