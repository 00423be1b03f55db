// UASIO_CHECK(condition, rule): ends the program unless `condition` holds.
//
// For broken rules of an interface, in every build.  The message names the
// rule in the words of the header that states it, so that nobody has to look it
// up in our source.
//
//   UASIO_CHECK(request->state == kOwned,
//               "Submit: the request is not yours; was it submitted before?");

#ifndef UASIO_WORKQUEUE_CHECK_H_
#define UASIO_WORKQUEUE_CHECK_H_

#define UASIO_CHECK(condition, rule)                    \
  (__builtin_expect(static_cast<bool>(condition), true) \
       ? static_cast<void>(0)                           \
       : ::uasio::CheckFailed(__FILE__, __LINE__, #condition, rule))

namespace uasio {

// Prints "uasio: RULE [CONDITION is false at FILE:LINE]" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* rule);

}  // namespace uasio

#endif  // UASIO_WORKQUEUE_CHECK_H_
