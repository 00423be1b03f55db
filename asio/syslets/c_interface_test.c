/*
 * In plain C: the two uses that fio made of syslets, and the whole interface.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "asio/syslets/syslet.h"

#define BLOCK 512
#define BLOCKS 64

static int failures;

#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

/* A read at an offset: an lseek without a completion, which ends the syslet if
 * it fails; then a read. */
struct positioned_read {
  struct syslet_uatom seek;
  struct syslet_uatom read;
  unsigned long fd, offset, whence, buffer, size;
  long seek_result, read_result;
  char bytes[BLOCK];
};

static void prepare(struct positioned_read* r, int fd, long offset) {
  memset(r, 0, sizeof(*r));
  r->fd = (unsigned long)fd;
  r->offset = (unsigned long)offset;
  r->whence = SEEK_SET;
  r->buffer = (unsigned long)r->bytes;
  r->size = BLOCK;
  r->seek.nr = SYS_lseek;
  r->seek.flags = SYSLET_NO_COMPLETE | SYSLET_STOP_ON_NEGATIVE;
  r->seek.ret_ptr = &r->seek_result;
  r->seek.arg_ptr[0] = &r->fd;
  r->seek.arg_ptr[1] = &r->offset;
  r->seek.arg_ptr[2] = &r->whence;
  r->seek.next = &r->read;
  r->read.nr = SYS_read;
  r->read.ret_ptr = &r->read_result;
  r->read.arg_ptr[0] = &r->fd;
  r->read.arg_ptr[1] = &r->buffer;
  r->read.arg_ptr[2] = &r->size;
  r->read.private = r;
}

static void check_block(const struct positioned_read* r, int block) {
  EXPECT(r->read_result == BLOCK);
  EXPECT(r->bytes[0] == 'a' + block % 26);
  EXPECT(r->bytes[BLOCK - 1] == 'a' + block % 26);
}

static void test_positioned_reads(struct async_head_user* head, int fd) {
  struct positioned_read r;
  unsigned long index = 0;
  int block;
  for (block = 0; block < BLOCKS; block += 7) {
    struct syslet_uatom* last;
    prepare(&r, fd, (long)block * BLOCK);
    last = syslet_exec(&r.seek);
    EXPECT(syslet_error(last) == 0);
    if (!last) {
      EXPECT(syslet_wait(1) == 1);
      last = syslet_take(head, &index);
    }
    EXPECT(last == &r.read);
    EXPECT(last->private == &r);
    check_block(&r, block);
  }

  /* The seek fails: it is the final atom, and nothing is read. */
  prepare(&r, fd, -1);
  EXPECT(syslet_exec(&r.seek) == &r.seek);
  EXPECT(r.seek_result == -EINVAL);
  EXPECT(r.read_result == 0);
  /* In a worker, the failed seek gives no completion. */
  prepare(&r, fd, -1);
  r.seek.flags |= SYSLET_ASYNC;
  EXPECT(syslet_exec(&r.seek) == NULL);
  EXPECT(syslet_wait(1) == 0);
  EXPECT(r.seek_result == -EINVAL);
  EXPECT(syslet_take(head, &index) == NULL);
  syslet_unregister();
}

/* A batch of reads as one chain; only its last atom enters the ring. */
static void test_batch(struct async_head_user* head, int fd) {
  struct positioned_read* reads = calloc(BLOCKS, sizeof(*reads));
  unsigned long index = 0;
  int i;
  for (i = 0; i < BLOCKS; ++i) {
    prepare(&reads[i], fd, (long)(BLOCKS - 1 - i) * BLOCK);
    if (i > 0) reads[i - 1].read.next = &reads[i].seek;
  }
  reads[0].seek.flags |= SYSLET_ASYNC;
  EXPECT(syslet_exec(&reads[0].seek) == NULL);
  EXPECT(syslet_wait(2) == 1);
  EXPECT(syslet_take(head, &index) == &reads[BLOCKS - 1].read);
  EXPECT(syslet_take(head, &index) == NULL);
  for (i = 0; i < BLOCKS; ++i) check_block(&reads[i], BLOCKS - 1 - i);
  free(reads);
}

static int new_file(void) {
  char block[BLOCK];
  const char* folder = getenv("TEST_TMPDIR");
  char path[4096];
  int fd, i;
  snprintf(path, sizeof(path), "%s/uasio_XXXXXX", folder ? folder : "/tmp");
  fd = mkstemp(path);
  EXPECT(fd >= 0);
  unlink(path);
  for (i = 0; i < BLOCKS; ++i) {
    memset(block, 'a' + i % 26, sizeof(block));
    EXPECT(write(fd, block, sizeof(block)) == BLOCK);
  }
  return fd;
}

int main(void) {
  struct syslet_uatom* ring[4] = {NULL, NULL, NULL, NULL};
  struct async_head_user head = {ring, sizeof(ring), -1UL};
  const int fd = new_file();
  EXPECT(syslet_error((struct syslet_uatom*)-1L) == -1);
  EXPECT(syslet_error((struct syslet_uatom*)-4095L) == -4095);
  EXPECT(syslet_error((struct syslet_uatom*)-4096L) == 0);
  EXPECT(syslet_register(&head) == 0);
  test_positioned_reads(&head, fd); /* Unregisters the head. */
  EXPECT(syslet_unregister() == -ENXIO);
  memset(ring, 0, sizeof(ring));
  EXPECT(syslet_register(&head) == 0);
  test_batch(&head, fd);
  EXPECT(syslet_unregister() == 0);
  close(fd);
  return failures == 0 ? 0 : 1;
}
