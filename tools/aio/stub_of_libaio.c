// A libaio of which uasio_aio_test.cc sees that it is not ours.

#include <errno.h>

int io_setup(int events, void** context) {
  (void)events;
  (void)context;
  return -ENOSYS;
}
__asm__(".symver io_setup, io_setup@@@LIBAIO_0.4");
