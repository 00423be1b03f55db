# What uasio needs of the system.  Stops if something is missing, and says what
# to install; says what is left out for lack of something optional.

include(CheckCXXSourceCompiles)

set(missing "")

# uasio_check(VARIABLE SOURCE MESSAGE): adds MESSAGE to what is missing if
# SOURCE does not compile.
macro(uasio_check variable source message)
  check_cxx_source_compiles("${source}\nint main() {}" ${variable})
  if(NOT ${variable})
    string(APPEND missing "\n  ${message}")
    unset(${variable} CACHE)  # The next run looks again.
  endif()
endmacro()

set(CMAKE_REQUIRED_FLAGS -std=c++17)
set(CMAKE_REQUIRED_QUIET TRUE)

uasio_check(UASIO_HAS_CXX17 [[
#if __GNUC__ < 9 && !defined(__clang__)
#error
#endif
#include <optional>
#include <string_view>
inline std::optional<std::string_view> none;]]
  "a C++17 compiler: apt-get install g++ (9 or newer)")

uasio_check(UASIO_HAS_GLIBC [[
#include <semaphore.h>
#include <string.h>
auto* const name = &strerrorname_np;
auto* const wait = &sem_clockwait;]]
  "glibc 2.34 or newer (strerrorname_np, sem_clockwait): it comes with a newer \
release of the distribution; its headers: apt-get install libc6-dev")

uasio_check(UASIO_HAS_STATX_DIOALIGN [[
#include <linux/openat2.h>
#include <linux/stat.h>
int flag = STATX_DIOALIGN;]]
  "Linux 6.1's headers or newer (STATX_DIOALIGN, linux/openat2.h): \
apt-get install linux-libc-dev; if the distribution's are older, \
`make headers_install INSTALL_HDR_PATH=FOLDER` in a newer kernel's source, and \
give CMake -DCMAKE_CXX_FLAGS=\"-isystem FOLDER/include\"")

uasio_check(UASIO_HAS_SYSCALL_NUMBERS [[
#include <sys/syscall.h>
long numbers[] = {SYS_openat2, SYS_close_range, SYS_landlock_restrict_self};]]
  "glibc 2.34's numbers of the system calls (SYS_landlock_restrict_self): \
it comes with a newer release of the distribution")

unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_QUIET)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads QUIET)
if(NOT Threads_FOUND)
  string(APPEND missing "\n  POSIX threads: apt-get install libc6-dev")
endif()

find_package(absl QUIET)
if(NOT absl_FOUND)
  string(APPEND missing "\n  Abseil: apt-get install libabsl-dev; if it is in a \
folder of its own, give CMake -DCMAKE_PREFIX_PATH=FOLDER")
endif()

if(missing)
  message(FATAL_ERROR "uasio needs, and did not find:${missing}")
endif()

set(UASIO_LIBURING_VERSION_MIN 2.3)
set(UASIO_HAS_URING FALSE)
if(UASIO_WITH_LIBURING)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(LIBURING QUIET IMPORTED_TARGET
      liburing>=${UASIO_LIBURING_VERSION_MIN})
    set(UASIO_HAS_URING ${LIBURING_FOUND})
  endif()
endif()
if(NOT UASIO_WITH_LIBURING)
  message(STATUS "uasio: without io_uring (the backend uring, asio_bench), by \
UASIO_WITH_LIBURING=OFF")
elseif(UASIO_HAS_URING)
  message(STATUS "uasio: with io_uring, by liburing ${LIBURING_VERSION}")
else()
  message(STATUS "uasio: without io_uring (the backend uring, asio_bench): \
pkg-config does not find liburing ${UASIO_LIBURING_VERSION_MIN} or newer; \
apt-get install pkg-config liburing-dev")
endif()

if(UASIO_BUILD_TOOLS)
  find_package(OpenSSL QUIET)
  if(NOT OpenSSL_FOUND)
    message(STATUS "uasio: without asio_sum: CMake does not find OpenSSL; \
apt-get install libssl-dev")
  endif()
endif()
