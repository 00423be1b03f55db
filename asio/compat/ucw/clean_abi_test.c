/* With CONFIG_UCW_CLEAN_ABI, a program can define functions with the plain
 * names (in clean_abi_names.c) and still call ours. */

#define CONFIG_UCW_CLEAN_ABI

#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/asio.h"
#include "ucw/uasio-writeback.h"

int calls_of_own_names(void);

static void note(struct asio_request* r, long long offset) {
  (void)offset;
  *(int*)r->user_data = r->returned_errno;
}

int main(void) {
  struct asio_queue q;
  struct asio_request* r;
  int error = 0;
  FILL_WITH_GARBAGE(q);
  q.buffer_size = 512;
  q.max_writebacks = 1;
  asio_on_failed_writeback(note);
  asio_init_queue(&q);
  r = asio_get(&q);
  r->op = ASIO_WRITE_BACK;
  r->fd = -1;
  r->user_data = &error;
  asio_submit(r);
  asio_sync(&q);
  EXPECT(error == EBADF);
  EXPECT(asio_wait(&q) == NULL);
  asio_put(asio_get(&q));
  asio_cleanup_queue(&q);
  EXPECT(calls_of_own_names() == 0);
  return 0;
}
