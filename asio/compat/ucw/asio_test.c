/* Every function of "ucw/asio.h", and what its comments promise. */

#include "ucw/asio.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>

#include "asio/compat/ucw/ucw_testing.h"

enum { BLOCK = 8192 };

/* A queue with garbage in all members that are not [user-settable]. */
static void init_queue(struct asio_queue* q, unsigned writebacks) {
  FILL_WITH_GARBAGE(*q);
  q->buffer_size = BLOCK;
  q->max_writebacks = writebacks;
  asio_init_queue(q);
}

static struct asio_request* prepare(struct asio_queue* q, enum asio_op op,
                                    int fd, unsigned len) {
  struct asio_request* r = asio_get(q);
  r->op = op;
  r->fd = fd;
  r->len = len;
  return r;
}

static struct asio_request* submit(struct asio_queue* q, enum asio_op op,
                                   int fd, unsigned len) {
  struct asio_request* r = prepare(q, op, fd, len);
  asio_submit(r);
  return r;
}

/* Submits a write of `len` bytes of `c`. */
static struct asio_request* submit_bytes(struct asio_queue* q, enum asio_op op,
                                         int fd, char c, unsigned len) {
  struct asio_request* r = prepare(q, op, fd, len);
  memset(r->buffer, c, len);
  asio_submit(r);
  return r;
}

/* Waits for `r` and puts it. */
static void expect_done(struct asio_request* r, int status, int error) {
  EXPECT(asio_wait(r->queue) == r);
  EXPECT(r->status == status);
  EXPECT(r->returned_errno == error);
  EXPECT(!r->submitted);
  asio_put(r);
}

/* Waits for the read `r`, expects it to have got `bytes`, and puts it. */
static void expect_read(struct asio_request* r, const char* bytes) {
  EXPECT(asio_wait(r->queue) == r);
  EXPECT(r->status == (int)strlen(bytes) && r->returned_errno == 0);
  EXPECT(memcmp(r->buffer, bytes, strlen(bytes)) == 0);
  asio_put(r);
}

/* Expects the file to consist of `bytes`. */
static void expect_contents(int fd, const char* bytes) {
  char contents[64];
  ssize_t length = pread(fd, contents, sizeof(contents), 0);
  EXPECT(length == (ssize_t)strlen(bytes));
  EXPECT(memcmp(contents, bytes, strlen(bytes)) == 0);
}

static void an_initialised_queue_is_empty(void) {
  struct asio_queue q;
  init_queue(&q, 1);
  EXPECT(q.buffer_size == BLOCK && q.max_writebacks == 1);
  EXPECT(q.allocated_requests == 0 && q.use_count == 0);
  EXPECT(q.running_requests == 0 && q.running_writebacks == 0);
  EXPECT(asio_wait(&q) == NULL);
  asio_sync(&q);
  asio_cleanup_queue(&q);
}

static void a_got_request_is_empty(void) {
  struct asio_queue q;
  struct asio_request *a, *b;
  init_queue(&q, 1);
  a = asio_get(&q);
  b = asio_get(&q);
  EXPECT(q.allocated_requests == 2);
  EXPECT(a->queue == &q && a->op == ASIO_FREE && a->fd == -1 && a->len == 0);
  EXPECT(!a->submitted && a->user_data == NULL);
  EXPECT((uintptr_t)a->buffer % 4096 == 0);
  memset(a->buffer, 'a', BLOCK);
  memset(b->buffer, 'b', BLOCK);
  EXPECT(a->buffer[0] == 'a' && a->buffer[BLOCK - 1] == 'a');
  asio_put(a);
  asio_put(b);
  EXPECT(q.allocated_requests == 0);
  asio_cleanup_queue(&q);
}

static void a_put_request_is_reused_and_reset(void) {
  struct asio_queue q;
  struct asio_request *r, *again;
  byte* buffer;
  init_queue(&q, 1);
  r = prepare(&q, ASIO_WRITE, 7, 3);
  r->user_data = &q;
  buffer = r->buffer;
  asio_put(r);
  again = asio_get(&q);
  EXPECT(again == r && r->buffer == buffer);
  EXPECT(r->op == ASIO_FREE && r->fd == -1 && r->len == 0);
  EXPECT(r->status == -1 && r->returned_errno == -1);
  EXPECT(r->user_data == &q); /* As in libucw. */
  asio_put(again);
  asio_cleanup_queue(&q);
}

static void requests_return_in_submit_order(void) {
  struct asio_queue q;
  struct asio_request* r[8];
  int fd = scratch_file(), i;
  init_queue(&q, 1);
  for (i = 0; i < 8; i++) {
    r[i] = submit_bytes(&q, ASIO_WRITE, fd, (char)('a' + i), 1);
    r[i]->user_data = &r[i];
    EXPECT(r[i]->submitted);
  }
  EXPECT(q.running_requests == 8 && q.running_writebacks == 0);
  for (i = 0; i < 8; i++) {
    EXPECT(asio_wait(&q) == r[i]);
    EXPECT(r[i]->status == 1 && r[i]->user_data == &r[i]);
    EXPECT(q.running_requests == 7u - (unsigned)i);
    asio_put(r[i]);
  }
  EXPECT(asio_wait(&q) == NULL);
  expect_contents(fd, "abcdefgh");
  asio_cleanup_queue(&q);
  close(fd);
}

static void requests_of_every_op_are_done_in_order(void) {
  struct asio_queue q;
  struct asio_request *r, *w;
  int fd = scratch_file(), reader = open_again(fd, O_RDONLY);
  init_queue(&q, 3);
  submit_bytes(&q, ASIO_WRITE_BACK, fd, 'x', 4);
  r = submit(&q, ASIO_READ, reader, BLOCK); /* Sees what was before it. */
  w = submit_bytes(&q, ASIO_WRITE, fd, 'y', 2);
  expect_read(r, "xxxx");
  r = submit(&q, ASIO_READ, reader, BLOCK);
  expect_done(w, 2, 0);
  expect_read(r, "yy");
  EXPECT(asio_wait(&q) == NULL);
  asio_cleanup_queue(&q);
  close(reader);
  close(fd);
}

static void an_lseek_between_requests_takes_effect(void) {
  struct asio_queue q;
  int fd = scratch_file();
  init_queue(&q, 1);
  expect_done(submit_bytes(&q, ASIO_WRITE, fd, 'a', 6), 6, 0);
  EXPECT(lseek(fd, 2, SEEK_SET) == 2);
  submit_bytes(&q, ASIO_WRITE_BACK, fd, 'b', 2);
  asio_sync(&q);
  EXPECT(lseek(fd, 0, SEEK_CUR) == 4);
  EXPECT(lseek(fd, 1, SEEK_SET) == 1);
  expect_read(submit(&q, ASIO_READ, fd, 4), "abba");
  EXPECT(lseek(fd, 0, SEEK_CUR) == 5);
  expect_contents(fd, "aabbaa");
  asio_cleanup_queue(&q);
  close(fd);
}

/* A pipe for 4096 bytes, less than a BLOCK; 0: there is none. */
static int small_pipe(int fds[2]) {
  EXPECT(pipe(fds) == 0);
  if (fcntl(fds[1], F_SETPIPE_SZ, 4096) == 4096) return 1;
  printf("skipped: a pipe has more than 4096 bytes here\n");
  close(fds[0]);
  close(fds[1]);
  return 0;
}

static void short_counts_are_passed_on(void) {
  struct asio_queue q;
  struct asio_request* r;
  int fds[2], fd, i;
  if (!small_pipe(fds)) return;
  fd = scratch_file();
  EXPECT(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
  init_queue(&q, 1);
  EXPECT(write(fd, "12345", 5) == 5 && lseek(fd, 2, SEEK_SET) == 2);
  expect_done(submit(&q, ASIO_READ, fd, BLOCK), 3, 0);
  expect_done(submit(&q, ASIO_READ, fd, BLOCK), 0, 0);
  r = submit_bytes(&q, ASIO_WRITE, fds[1], 'p', BLOCK);
  expect_done(r, 4096, 0); /* All that fits into the pipe. */
  expect_done(submit(&q, ASIO_WRITE, fds[1], 1), -1, EAGAIN);
  for (i = 0; i < 2; i++)
    expect_done(submit(&q, ASIO_READ, fds[0], 2048), 2048, 0);
  asio_cleanup_queue(&q);
  close(fds[0]);
  close(fds[1]);
  close(fd);
}

static void failures_are_reported_by_errno(void) {
  struct asio_queue q;
  struct asio_request* r;
  int fd = scratch_file(), reader = open_again(fd, O_RDONLY);
  init_queue(&q, 1);
  expect_done(submit(&q, ASIO_READ, -1, 1), -1, EBADF);
  expect_done(submit(&q, ASIO_WRITE, reader, 1), -1, EBADF);
  r = prepare(&q, ASIO_READ, fd, 0);
  asio_submit(r);
  expect_done(r, 0, 0);
  asio_cleanup_queue(&q);
  close(reader);
  close(fd);
}

static void a_returned_request_may_be_submitted_again(void) {
  struct asio_queue q;
  struct asio_request* r;
  int fd = scratch_file(), i;
  init_queue(&q, 1);
  r = submit_bytes(&q, ASIO_WRITE, fd, 'r', 1);
  for (i = 0; i < 3; i++) {
    EXPECT(asio_wait(&q) == r && r->status == 1);
    asio_submit(r);
  }
  expect_done(r, 1, 0);
  expect_contents(fd, "rrrr");
  asio_cleanup_queue(&q);
  close(fd);
}

static void writebacks_are_put_when_finished_and_never_returned(void) {
  struct asio_queue q;
  int fd = scratch_file(), i;
  init_queue(&q, 2);
  for (i = 0; i < 20; i++) {
    submit_bytes(&q, ASIO_WRITE_BACK, fd, (char)('a' + i), 1);
    EXPECT(q.running_writebacks >= 1 && q.running_writebacks <= 2);
    EXPECT(q.allocated_requests == q.running_writebacks);
  }
  EXPECT(asio_wait(&q) == NULL); /* Waits for the write-backs. */
  EXPECT(q.allocated_requests == 0 && q.running_writebacks == 0);
  expect_contents(fd, "abcdefghijklmnopqrst");
  EXPECT(clist_size(&q.idle_list) <= 3);
  asio_cleanup_queue(&q);
  close(fd);
}

struct late_reader {
  int fd;
  unsigned bytes;
};

static void* read_pipe(void* arg) {
  struct late_reader* reader = (struct late_reader*)arg;
  char bytes[4096];
  while (reader->bytes > 0) {
    ssize_t n = read(reader->fd, bytes, sizeof(bytes));
    EXPECT(n > 0);
    reader->bytes -= (unsigned)n;
  }
  return NULL;
}

/* Write-backs to a full pipe block until somebody reads. */
static void submit_blocks_at_max_writebacks(void) {
  struct asio_queue q;
  struct late_reader late;
  pthread_t thread;
  int fds[2];
  if (!small_pipe(fds)) return;
  init_queue(&q, 2);
  submit_bytes(&q, ASIO_WRITE_BACK, fds[1], 'a', BLOCK);
  submit_bytes(&q, ASIO_WRITE_BACK, fds[1], 'b', BLOCK);
  EXPECT(q.running_writebacks == 2); /* This thread was not blocked. */
  late.fd = fds[0];
  late.bytes = 3 * BLOCK;
  EXPECT(pthread_create(&thread, NULL, read_pipe, &late) == 0);
  submit_bytes(&q, ASIO_WRITE_BACK, fds[1], 'c', BLOCK);
  EXPECT(q.running_writebacks == 2); /* The first was waited for. */
  asio_sync(&q);
  EXPECT(pthread_join(thread, NULL) == 0 && late.bytes == 0);
  asio_cleanup_queue(&q);
  close(fds[0]);
  close(fds[1]);
}

static void requests_that_finish_while_a_submit_blocks_are_kept(void) {
  struct asio_queue q;
  struct asio_request* reads[4];
  int fd = scratch_file(), reader = open_again(fd, O_RDONLY), i;
  init_queue(&q, 1);
  for (i = 0; i < 4; i++) {
    submit_bytes(&q, ASIO_WRITE_BACK, fd, (char)('0' + i), 1);
    reads[i] = submit(&q, ASIO_READ, reader, 1);
  }
  expect_read(reads[0], "0");
  expect_read(reads[1], "1");
  expect_read(reads[2], "2");
  expect_read(reads[3], "3");
  EXPECT(asio_wait(&q) == NULL);
  asio_cleanup_queue(&q);
  close(reader);
  close(fd);
}

static void sync_waits_for_all_and_keeps_finished_requests(void) {
  struct asio_queue q;
  struct asio_request *a, *b;
  int fd = scratch_file();
  init_queue(&q, 4);
  a = submit_bytes(&q, ASIO_WRITE, fd, 'a', 1);
  submit_bytes(&q, ASIO_WRITE_BACK, fd, 'b', 1);
  b = submit_bytes(&q, ASIO_WRITE, fd, 'c', 1);
  asio_sync(&q);
  EXPECT(q.running_requests == 0 && q.running_writebacks == 0);
  EXPECT(!a->submitted && !b->submitted);
  expect_contents(fd, "abc");
  EXPECT(clist_size(&q.done_list) == 2);
  expect_done(a, 1, 0);
  expect_done(b, 1, 0);
  EXPECT(asio_wait(&q) == NULL);
  asio_cleanup_queue(&q);
  close(fd);
}

/* The number of pool threads: all are called "uasio". */
static int count_workers(void) {
  DIR* folder = opendir("/proc/self/task");
  const struct dirent* entry;
  int count = 0;
  EXPECT(folder != NULL);
  while ((entry = readdir(folder)) != NULL) {
    char path[300], name[16] = "";
    FILE* file;
    snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
    file = fopen(path, "r");
    if (file == NULL) continue; /* It has ended, or is no thread. */
    count +=
        fgets(name, sizeof(name), file) != NULL && strcmp(name, "uasio\n") == 0;
    EXPECT(fclose(file) == 0);
  }
  EXPECT(closedir(folder) == 0);
  return count;
}

/* A new thread gets its name late; a joined one is visible for a while. */
static void wait_for_workers(int count) {
  while (count_workers() != count) sched_yield();
}

static void the_thread_exists_while_there_is_a_queue(void) {
  struct asio_queue a, b;
  int fd = scratch_file(), i;
  wait_for_workers(0);
  for (i = 0; i < 3; i++) {
    init_queue(&a, 1);
    init_queue(&b, 1);
    wait_for_workers(1);
    submit_bytes(&a, ASIO_WRITE_BACK, fd, 'a', 1);
    asio_sync(&a);
    asio_cleanup_queue(&a);
    wait_for_workers(1);
    submit_bytes(&b, ASIO_WRITE_BACK, fd, 'b', 1);
    asio_sync(&b);
    asio_cleanup_queue(&b);
    wait_for_workers(0);
  }
  expect_contents(fd, "ababab");
  close(fd);
}

static void the_buffers_are_aligned_for_direct_files(void) {
  struct asio_queue q;
  struct asio_request* r;
  int fd = scratch_file(), direct;
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (direct < 0) { /* Not open_again(), which must not fail. */
    printf("  not tested: no O_DIRECT here: %s\n", strerror(errno));
    close(fd);
    return;
  }
  init_queue(&q, 1);
  submit_bytes(&q, ASIO_WRITE_BACK, direct, 'd', BLOCK);
  asio_sync(&q);
  EXPECT(lseek(direct, 0, SEEK_SET) == 0);
  r = submit(&q, ASIO_READ, direct, BLOCK);
  EXPECT(asio_wait(&q) == r && r->status == BLOCK);
  EXPECT(r->buffer[0] == 'd' && r->buffer[BLOCK - 1] == 'd');
  asio_put(r);
  asio_cleanup_queue(&q);
  close(direct);
  close(fd);
}

static void the_worker_has_64_kib_of_stack(void) {
  struct asio_queue q;
  struct worker_thread* t;
  pthread_attr_t attributes;
  size_t bytes;
  if (test_is_sanitized()) {
    printf("  not tested: a sanitizer enlarges the stack\n");
    return;
  }
  init_queue(&q, 1);
  EXPECT(clist_size(&q.queue.pool->worker_threads) == 1);
  t = (struct worker_thread*)clist_head(&q.queue.pool->worker_threads);
  EXPECT(pthread_getattr_np(t->thread, &attributes) == 0);
  EXPECT(pthread_attr_getstacksize(&attributes, &bytes) == 0);
  EXPECT(pthread_attr_destroy(&attributes) == 0);
  EXPECT(bytes == 65536);
  asio_cleanup_queue(&q);
}

static volatile sig_atomic_t signals_taken;

static void take_signal(int signal_number) {
  (void)signal_number;
  signals_taken++;
}

/* So that no request is ever interrupted. */
static void the_worker_takes_no_signals(void) {
  struct asio_queue q;
  struct worker_thread* t;
  EXPECT(signal(SIGUSR1, take_signal) != SIG_ERR);
  init_queue(&q, 1);
  t = (struct worker_thread*)clist_head(&q.queue.pool->worker_threads);
  EXPECT(pthread_kill(t->thread, SIGUSR1) == 0);
  expect_done(submit(&q, ASIO_READ, -1, 1), -1, EBADF);
  EXPECT(signals_taken == 0); /* The thread has made a system call since. */
  EXPECT(raise(SIGUSR1) == 0);
  EXPECT(signals_taken == 1);
  asio_cleanup_queue(&q);
  EXPECT(signal(SIGUSR1, SIG_DFL) == take_signal);
}

static void* use_queue(void* arg) {
  struct asio_queue* q = (struct asio_queue*)arg;
  expect_done(submit(q, ASIO_READ, -1, 1), -1, EBADF);
  return NULL;
}

static void a_queue_may_be_handed_to_another_thread(void) {
  struct asio_queue q;
  pthread_t thread;
  init_queue(&q, 1);
  EXPECT(pthread_create(&thread, NULL, use_queue, &q) == 0);
  EXPECT(pthread_join(thread, NULL) == 0);
  asio_cleanup_queue(&q);
}

int main(void) {
  RUN(an_initialised_queue_is_empty);
  RUN(a_got_request_is_empty);
  RUN(a_put_request_is_reused_and_reset);
  RUN(requests_return_in_submit_order);
  RUN(requests_of_every_op_are_done_in_order);
  RUN(an_lseek_between_requests_takes_effect);
  RUN(short_counts_are_passed_on);
  RUN(failures_are_reported_by_errno);
  RUN(a_returned_request_may_be_submitted_again);
  RUN(writebacks_are_put_when_finished_and_never_returned);
  RUN(submit_blocks_at_max_writebacks);
  RUN(requests_that_finish_while_a_submit_blocks_are_kept);
  RUN(sync_waits_for_all_and_keeps_finished_requests);
  RUN(the_thread_exists_while_there_is_a_queue);
  RUN(the_buffers_are_aligned_for_direct_files);
  RUN(the_worker_has_64_kib_of_stack);
  RUN(the_worker_takes_no_signals);
  RUN(a_queue_may_be_handed_to_another_thread);
  return 0;
}
