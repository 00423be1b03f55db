// What an ELF file tells the loader.
//
// Threads:   any.
// Bounds:    a damaged file is an error, or has an empty interpreter and no
//            imports; nothing beyond its end is read.

#ifndef UASIO_TOOLS_AIO_ELF_H_
#define UASIO_TOOLS_AIO_ELF_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"

namespace uasio {

struct Elf {
  // Its word size, byte order and machine; only the same can be loaded
  // together.
  std::string kind;

  // The loader; "" if the file is linked statically.  Not read, like
  // `imports`, if the word size or byte order is not this program's.
  std::string interpreter;

  // The names of the functions and variables that it takes from libraries.
  std::set<std::string> imports;
};

// Returns InvalidArgument if the file is no ELF file.
absl::StatusOr<Elf> ReadElf(const std::string& path);

}  // namespace uasio

#endif  // UASIO_TOOLS_AIO_ELF_H_
