/* A typical program for "ucw/asio.h".  Threads, each with two queues, stream
 * records into a file, shuffle them into others, rewrite those in place, and
 * read everything back, with read-ahead, and with one write-back at a time.  A
 * model in memory has the expected contents of each file.
 *
 * UASIO_ROUNDS is the number of rounds of each thread, UASIO_SEED the seed. */

#include "asio/compat/ucw/ucw_testing.h"
#include "ucw/asio.h"

enum {
  THREADS = 3,
  FILES = 4, /* The records are shuffled into these. */
  BLOCK = 2048,
  BYTES_MAX = 64 * BLOCK, /* Of each file. */
  DEPTH = 5               /* Blocks of read-ahead. */
};

/* A file and its expected contents. */
struct file {
  int fd;
  unsigned bytes;
  byte model[BYTES_MAX];
};

struct shuffler {
  uint64_t random;
  int rounds;
  struct asio_queue in, out;
  struct file source, files[FILES];
};

static void init_queue(struct asio_queue* q) {
  FILL_WITH_GARBAGE(*q);
  q->buffer_size = BLOCK;
  q->max_writebacks = 1;
  asio_init_queue(q);
}

static void open_empty(struct file* file) {
  file->fd = scratch_file();
  file->bytes = 0;
}

/* Appends `len` bytes to the file at the position of its fd, and the model. */
static void append(struct asio_queue* q, struct file* file, const byte* bytes,
                   unsigned len) {
  struct asio_request* r = asio_get(q);
  EXPECT(file->bytes + len <= BYTES_MAX);
  r->op = ASIO_WRITE_BACK;
  r->fd = file->fd;
  r->len = len;
  memcpy(r->buffer, bytes, len);
  memcpy(file->model + file->bytes, bytes, len);
  file->bytes += len;
  asio_submit(r);
}

static void stream_out(struct shuffler* s) {
  unsigned records = random_below(&s->random, 64), i;
  for (i = 0; i < records; i++) {
    byte record[BLOCK];
    unsigned len = 1 + random_below(&s->random, BLOCK), j;
    for (j = 0; j < len; j++) record[j] = (byte)next_random(&s->random);
    append(&s->out, &s->source, record, len);
  }
  asio_sync(&s->out);
}

/* A file that is read from its beginning, DEPTH blocks ahead. */
struct reading {
  struct asio_queue* queue;
  int fd;
  unsigned bytes; /* Read so far. */
};

static void read_ahead(struct reading* reading, struct asio_request* r) {
  r->op = ASIO_READ;
  r->fd = reading->fd;
  r->len = BLOCK;
  r->user_data = reading;
  asio_submit(r);
}

static void begin_reading(struct reading* reading, struct asio_queue* q,
                          int fd) {
  int i;
  reading->queue = q;
  reading->fd = fd;
  reading->bytes = 0;
  EXPECT(lseek(fd, 0, SEEK_SET) == 0);
  for (i = 0; i < DEPTH; i++) read_ahead(reading, asio_get(q));
}

/* The next block, which the caller must give to read_ahead(); NULL: end of
 * file. */
static struct asio_request* next_block(struct reading* reading,
                                       const struct file* file) {
  struct asio_request* r = asio_wait(reading->queue);
  unsigned expected = file->bytes - reading->bytes;
  EXPECT(r != NULL && r->user_data == reading && r->op == ASIO_READ);
  if (expected > BLOCK) expected = BLOCK;
  EXPECT(r->status == (int)expected);
  EXPECT(memcmp(r->buffer, file->model + reading->bytes, (size_t)r->status) ==
         0);
  reading->bytes += (unsigned)r->status;
  if (r->status > 0) return r;
  do {
    EXPECT(r->status == 0);
    asio_put(r);
  } while ((r = asio_wait(reading->queue)) != NULL);
  return NULL;
}

static void shuffle(struct shuffler* s) {
  struct reading reading;
  struct asio_request* r;
  begin_reading(&reading, &s->in, s->source.fd);
  while ((r = next_block(&reading, &s->source)) != NULL) {
    unsigned at = 0, len = (unsigned)r->status;
    while (at < len) {
      unsigned part = 1 + random_below(&s->random, len - at);
      unsigned to = random_below(&s->random, FILES);
      /* One queue for each file: requests of two queues are not ordered. */
      append(to % 2 ? &s->in : &s->out, &s->files[to], r->buffer + at, part);
      at += part;
    }
    read_ahead(&reading, r);
  }
  asio_sync(&s->in);
  asio_sync(&s->out);
}

/* Inverts a file in place: the writer follows the reader. */
static void rewrite(struct shuffler* s, struct file* file) {
  int writer = open_again(file->fd, O_WRONLY);
  struct reading reading;
  struct asio_request* r;
  unsigned i;
  begin_reading(&reading, &s->in, file->fd);
  while ((r = next_block(&reading, file)) != NULL) {
    struct asio_request* w = asio_get(&s->out);
    w->op = random_below(&s->random, 4) ? ASIO_WRITE_BACK : ASIO_WRITE;
    w->fd = writer;
    w->len = (uns)r->status;
    for (i = 0; i < w->len; i++) w->buffer[i] = (byte)~r->buffer[i];
    asio_submit(w);
    read_ahead(&reading, r);
  }
  while ((r = asio_wait(&s->out)) != NULL) {
    EXPECT(r->op == ASIO_WRITE && r->status == (int)r->len);
    asio_put(r);
  }
  for (i = 0; i < file->bytes; i++) file->model[i] = (byte)~file->model[i];
  close(writer);
}

static void verify(struct shuffler* s, const struct file* file) {
  struct reading reading;
  struct asio_request* r;
  begin_reading(&reading, &s->in, file->fd);
  while ((r = next_block(&reading, file)) != NULL) read_ahead(&reading, r);
  EXPECT(reading.bytes == file->bytes);
}

static void one_round(struct shuffler* s) {
  unsigned i, bytes = 0;
  open_empty(&s->source);
  for (i = 0; i < FILES; i++) open_empty(&s->files[i]);
  stream_out(s);
  shuffle(s);
  for (i = 0; i < FILES; i++) {
    rewrite(s, &s->files[i]);
    verify(s, &s->files[i]);
    bytes += s->files[i].bytes;
    close(s->files[i].fd);
  }
  EXPECT(bytes == s->source.bytes);
  close(s->source.fd);
}

static void* run(void* arg) {
  struct shuffler* s = (struct shuffler*)arg;
  init_queue(&s->in);
  init_queue(&s->out);
  while (s->rounds-- > 0) one_round(s);
  asio_cleanup_queue(&s->in);
  asio_cleanup_queue(&s->out);
  return NULL;
}

int main(void) {
  static struct shuffler shufflers[THREADS];
  pthread_t threads[THREADS];
  const char* rounds = getenv("UASIO_ROUNDS");
  uint64_t seed = test_seed(1);
  int i;
  for (i = 0; i < THREADS; i++) {
    shufflers[i].random = next_random(&seed);
    shufflers[i].rounds = rounds != NULL ? atoi(rounds) : 10;
    EXPECT(pthread_create(&threads[i], NULL, run, &shufflers[i]) == 0);
  }
  for (i = 0; i < THREADS; i++) EXPECT(pthread_join(threads[i], NULL) == 0);
  return 0;
}
