/* "ucw/uasio-writeback.h": the handler of write-backs that fail. */

#include <signal.h>
#include <sys/resource.h>

#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/uasio-writeback.h"

enum { BLOCK = 4096, NOTES_MAX = 4 };

/* What the handler was called with. */
static struct note {
  struct asio_request* request;
  long long offset;
  int status, returned_errno, fd, running, submitted;
  unsigned len;
  void* user_data;
  byte first;
} notes[NOTES_MAX];
static int note_count;

static void note_failure(struct asio_request* r, long long offset) {
  struct note* note = &notes[note_count++];
  EXPECT(note_count <= NOTES_MAX);
  note->request = r;
  note->offset = offset;
  note->status = r->status;
  note->returned_errno = r->returned_errno;
  note->fd = r->fd;
  note->len = r->len;
  note->user_data = r->user_data;
  note->first = r->buffer[0];
  note->submitted = r->submitted;
  note->running = (int)r->queue->running_writebacks;
}

static void init_queue(struct asio_queue* q) {
  FILL_WITH_GARBAGE(*q);
  q->buffer_size = BLOCK;
  q->max_writebacks = 1;
  asio_init_queue(q);
  note_count = 0;
}

static void write_back(struct asio_queue* q, int fd, unsigned len, void* data) {
  struct asio_request* r = asio_get(q);
  r->op = ASIO_WRITE_BACK;
  r->fd = fd;
  r->len = len;
  r->user_data = data;
  memset(r->buffer, 'w', len);
  asio_submit(r);
}

static void setting_returns_the_previous_handler(void) {
  EXPECT(asio_on_failed_writeback(note_failure) == NULL);
  EXPECT(asio_on_failed_writeback(note_failure) == note_failure);
}

static void the_handler_gets_the_request(void) {
  struct asio_queue q;
  int fd = scratch_file(), reader = open_again(fd, O_RDONLY);
  EXPECT(ftruncate(fd, 100) == 0 && lseek(reader, 10, SEEK_SET) == 10);
  init_queue(&q);
  write_back(&q, reader, 5, &q);
  asio_sync(&q);
  EXPECT(note_count == 1);
  EXPECT(notes[0].status == -1 && notes[0].returned_errno == EBADF);
  EXPECT(notes[0].fd == reader && notes[0].offset == 10);
  EXPECT(notes[0].len == 5 && notes[0].user_data == &q);
  EXPECT(notes[0].first == 'w');
  EXPECT(notes[0].submitted && notes[0].running == 0);
  EXPECT(q.allocated_requests == 0);
  EXPECT(asio_get(&q) == notes[0].request); /* It was put. */
  asio_put(notes[0].request);
  write_back(&q, fd, 1, NULL); /* No handler for a success. */
  EXPECT(asio_wait(&q) == NULL && note_count == 1);
  asio_cleanup_queue(&q);
  close(reader);
  close(fd);
}

static void every_call_that_waits_calls_the_handler(void) {
  struct asio_queue q;
  init_queue(&q);
  write_back(&q, -1, 1, NULL);
  write_back(&q, -1, 1, NULL); /* Waits for the first: the bound is 1. */
  EXPECT(note_count == 1);
  EXPECT(asio_wait(&q) == NULL);
  EXPECT(note_count == 2);
  write_back(&q, -1, 1, NULL);
  asio_sync(&q);
  EXPECT(note_count == 3);
  EXPECT(notes[2].offset == -1 && notes[2].returned_errno == EBADF);
  asio_cleanup_queue(&q);
}

static void a_full_device_is_enospc(void) {
  struct asio_queue q;
  int fd = open("/dev/full", O_WRONLY | O_APPEND);
  EXPECT(fd >= 0);
  init_queue(&q);
  write_back(&q, fd, BLOCK, NULL);
  asio_sync(&q);
  EXPECT(note_count == 1 && notes[0].returned_errno == ENOSPC);
  EXPECT(notes[0].offset == -1); /* O_APPEND: the end of the file. */
  asio_cleanup_queue(&q);
  close(fd);
}

/* Makes writes beyond 1000 bytes short, with `flags` on the fd. */
static void write_short(int flags) {
  struct asio_queue q;
  struct rlimit before, limit;
  int fd = scratch_file(), writer = open_again(fd, O_WRONLY | flags);
  EXPECT(ftruncate(fd, 900) == 0 && lseek(writer, 900, SEEK_SET) == 900);
  signal(SIGXFSZ, SIG_IGN);
  EXPECT(getrlimit(RLIMIT_FSIZE, &before) == 0);
  limit = before;
  limit.rlim_cur = 1000;
  EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  init_queue(&q);
  write_back(&q, writer, BLOCK, NULL);
  asio_sync(&q);
  write_back(&q, writer, BLOCK, NULL);
  asio_sync(&q);
  EXPECT(setrlimit(RLIMIT_FSIZE, &before) == 0);
  EXPECT(note_count == 2);
  EXPECT(notes[0].status == 100 && notes[0].returned_errno == 0);
  EXPECT(notes[0].offset == 900);
  EXPECT(notes[1].status == -1 && notes[1].returned_errno == EFBIG);
  EXPECT(notes[1].offset == (flags & O_APPEND ? -1 : 1000));
  asio_cleanup_queue(&q);
  close(writer);
  close(fd);
}

static void short_writebacks_are_failures(void) {
  write_short(0);
  write_short(O_APPEND);
}

static int fallback_fd;

/* Writes the data to another file, as a program with a second disk would. */
static void write_elsewhere(struct asio_request* r, long long offset) {
  struct asio_request* other = asio_get(r->queue);
  EXPECT(offset == -1 && other != r);
  other->op = ASIO_WRITE_BACK;
  other->fd = fallback_fd;
  other->len = r->len;
  memcpy(other->buffer, r->buffer, r->len);
  asio_submit(other);
}

static void the_handler_may_submit_a_replacement(void) {
  struct asio_queue q;
  char bytes[100];
  int i;
  fallback_fd = scratch_file();
  init_queue(&q);
  EXPECT(asio_on_failed_writeback(write_elsewhere) == note_failure);
  for (i = 0; i < 10; i++) {
    write_back(&q, -1, 5, NULL);
    EXPECT(q.running_writebacks == 1);
  }
  asio_sync(&q);
  EXPECT(pread(fallback_fd, bytes, sizeof(bytes), 0) == 50);
  EXPECT(memcmp(bytes, "wwwww", 5) == 0);
  EXPECT(clist_size(&q.idle_list) <= 3);
  asio_cleanup_queue(&q);
  close(fallback_fd);
  EXPECT(asio_on_failed_writeback(NULL) == write_elsewhere);
  EXPECT(asio_on_failed_writeback(NULL) == NULL);
}

int main(void) {
  RUN(setting_returns_the_previous_handler);
  RUN(the_handler_gets_the_request);
  RUN(every_call_that_waits_calls_the_handler);
  RUN(a_full_device_is_enospc);
  RUN(short_writebacks_are_failures);
  RUN(the_handler_may_submit_a_replacement);
  return 0;
}
