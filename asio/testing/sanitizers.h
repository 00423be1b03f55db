// kSanitized: built with a sanitizer, which makes the program slow, and its use
// of memory meaningless.  kAddressSanitized: with ASan.  kThreadSanitized: with
// TSan, which does not let a child of fork() start threads.

#ifndef UASIO_ASIO_TESTING_SANITIZERS_H_
#define UASIO_ASIO_TESTING_SANITIZERS_H_

// GCC defines macros for sanitizers; clang has features.
#if defined(__has_feature)
#define UASIO_HAS_FEATURE(feature) __has_feature(feature)
#else
#define UASIO_HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || UASIO_HAS_FEATURE(thread_sanitizer)
#define UASIO_THREAD_SANITIZED true
#else
#define UASIO_THREAD_SANITIZED false
#endif

#if defined(__SANITIZE_ADDRESS__) || UASIO_HAS_FEATURE(address_sanitizer)
#define UASIO_ADDRESS_SANITIZED true
#else
#define UASIO_ADDRESS_SANITIZED false
#endif

namespace uasio {

inline constexpr bool kThreadSanitized = UASIO_THREAD_SANITIZED;
inline constexpr bool kAddressSanitized = UASIO_ADDRESS_SANITIZED;
inline constexpr bool kSanitized = kThreadSanitized || kAddressSanitized;

// `count` operations, or a fifth of them with a sanitizer.
constexpr int Scaled(int count) { return kSanitized ? count / 5 : count; }

}  // namespace uasio

#endif  // UASIO_ASIO_TESTING_SANITIZERS_H_
