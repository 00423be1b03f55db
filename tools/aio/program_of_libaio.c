// program_of_libaio EXIT_CODE: calls io_setup, and prints what it returns and
// what uasio-aio has set.
//
// By default it links libaio; with -DLIBAIO="NAME" it loads that, and with
// -DBY_SYSCALL it calls the kernel.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(LIBAIO)
static int SetUp(void** context) {
  void* library = dlopen(LIBAIO, RTLD_NOW);
  int (*function)(int, void**) =
      (int (*)(int, void**))dlvsym(library, "io_setup", "LIBAIO_0.4");
  return function(1, context);
}
#elif defined(BY_SYSCALL)
static int SetUp(void** context) {
  return (int)syscall(SYS_io_setup, -1, context);
}
#else
int io_setup(int, void**);
static int SetUp(void** context) { return io_setup(1, context); }
#endif

int main(int argc, char** argv) {
  void* context = NULL;
  const int result = SetUp(&context);
  const char* threads = getenv("UASIO_THREADS_MAX");
  printf("io_setup: %d, threads: %s\n", result,
         threads != NULL ? threads : "default");
  return argc == 2 ? atoi(argv[1]) : 99;
}
