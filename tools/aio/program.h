// Finds a program, and tells whether a library that is loaded before its own
// can catch its calls of libaio.
//
// Threads:   any.
// Errors:    NotFound: there is no such program.  All others: it cannot be run,
//            or nothing of it would be caught.

#ifndef UASIO_TOOLS_AIO_PROGRAM_H_
#define UASIO_TOOLS_AIO_PROGRAM_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace uasio {

// The path of the program that execvp(3) would run by this name.
absl::StatusOr<std::string> FindProgram(const std::string& name);

// What will not be caught, a sentence each.  A script is judged by its
// interpreter.
absl::StatusOr<std::vector<std::string>> NotCaught(const std::string& path);

}  // namespace uasio

#endif  // UASIO_TOOLS_AIO_PROGRAM_H_
