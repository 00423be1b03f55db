#include "workqueue/check.h"

#include <cstdio>
#include <cstdlib>

namespace uasio {

void CheckFailed(const char* file, int line, const char* condition,
                 const char* rule) {
  std::fprintf(stderr, "uasio: %s [%s is false at %s:%d]\n", rule, condition,
               file, line);
  std::abort();
}

}  // namespace uasio
