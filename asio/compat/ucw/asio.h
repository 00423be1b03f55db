/*
 * ucw/asio.h: asynchronous I/O in order, as libucw has it.
 *
 * The interface is that of libucw's "ucw/asio.h": the same structs, with the
 * same members in the same order, and the same functions, so that a program
 * written for it compiles unchanged, as C and as C++.  Each queue has a work
 * queue of "ucw/workqueue.h"; one thread, which exists while there is a queue,
 * serves all queues of the process.  docs/ucw.md tells how to move a program
 * over, and from here to uasio::Queue.
 *
 *   struct asio_queue q = {.buffer_size = 65536, .max_writebacks = 4};
 *   asio_init_queue(&q);
 *   struct asio_request *r = asio_get(&q);
 *   r->op = ASIO_READ;
 *   r->fd = fd;
 *   r->len = 65536;
 *   asio_submit(r);
 *   ...
 *   r = asio_wait(&q);
 *   if (r->status < 0) ... strerror(r->returned_errno) ...
 *   asio_put(r);
 *   asio_cleanup_queue(&q);
 *
 * Threads:   a queue may be used by any, but by one at a time.
 * Forks:     a forked child may have queues.  It must not use those of its
 *            parent, but may call asio_cleanup_queue(), which then only frees
 *            the child's memory.
 * Ownership: asio_get() lends a request until asio_put(), or for a write-back
 *            until asio_submit(); its buffer is the queue's, buffer_size long,
 *            and aligned for direct I/O.
 * Units:     bytes.
 * Order:     the requests of a queue are performed one by one in the order of
 *            their submits, each at the fd's own position as read(2) and
 *            write(2) do: an lseek() of the caller takes effect at once.
 * Blocks:    asio_wait(), asio_sync(), and the asio_submit() of a write-back
 *            while max_writebacks of them are running.
 * Errors:    `status` of a read or write is the system call's result; a short
 *            count is passed on.  A write-back that fails or is short ends the
 *            program with a message, unless there is a handler
 *            ("ucw/uasio-writeback.h").  A broken rule always ends the program.
 */

#ifndef UASIO_ASIO_COMPAT_UCW_ASIO_H_
#define UASIO_ASIO_COMPAT_UCW_ASIO_H_

#ifdef _UCW_ASIO_H
#error "libucw's own ucw/asio.h came first; put uasio's before it in the path"
#endif
#define _UCW_ASIO_H /* Keeps libucw's own out. */

#include "ucw/clists.h"
#include "ucw/workqueue.h"

#ifdef CONFIG_UCW_CLEAN_ABI
#define asio_cleanup_queue ucw_asio_cleanup_queue
#define asio_get ucw_asio_get
#define asio_init_queue ucw_asio_init_queue
#define asio_put ucw_asio_put
#define asio_submit ucw_asio_submit
#define asio_sync ucw_asio_sync
#define asio_wait ucw_asio_wait
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char byte;

/* The caller sets the first two before asio_init_queue(); all others may be
 * garbage then.  Afterwards the caller may read the numbers. */
struct asio_queue {
  uns buffer_size;        /* Of every request, at least 1.  [user-settable] */
  uns max_writebacks;     /* At least 1 if there are any.  [user-settable] */
  uns allocated_requests; /* Got and not put, write-backs included. */
  uns running_requests;   /* Submitted and not reaped. */
  uns running_writebacks; /* How many of them are write-backs. */
  clist idle_list;        /* Of requests for asio_get(). */
  clist done_list;        /* Of finished ones for asio_wait(). */
  struct work_queue queue;
  uns use_count; /* The caller's; asio_init_queue() sets it to 0. */
};

enum asio_op {
  ASIO_FREE, /* What asio_get() sets; not to be submitted. */
  ASIO_READ,
  ASIO_WRITE,
  ASIO_WRITE_BACK /* A write that is put as soon as it is finished. */
};

struct asio_request {
  struct work work;         /* Not the caller's. */
  struct asio_queue* queue; /* Not the caller's. */
  byte* buffer;
  int fd; /* The caller sets these three. */
  enum asio_op op;
  uns len;            /* At most buffer_size. */
  int status;         /* Bytes, or -1: an error, or not submitted yet. */
  int returned_errno; /* The errno, or 0; -1: not submitted yet. */
  int submitted;      /* Non-zero while it is running. */
  void* user_data;    /* The caller's: NULL at first, */
                      /* and not changed by put and get. */
};

/* REQUIRES: buffer_size is set, and not 0. */
void asio_init_queue(struct asio_queue* q);

/* REQUIRES: nothing is running, and everything has been put. */
void asio_cleanup_queue(struct asio_queue* q);

/* An empty request.  Never NULL: without memory the program ends. */
struct asio_request* asio_get(struct asio_queue* q);

/* Submits `r`.
 * REQUIRES: `r` came from asio_get() or asio_wait(), and was not submitted or
 * put since; `op` is set; `len` fits the buffer; for a write-back,
 * max_writebacks is not 0.  The fd stays open until `r` is finished. */
void asio_submit(struct asio_request* r);

/* Returns the next finished request, waiting for it.  NULL: none is left, and
 * all write-backs, which are never returned, are finished. */
struct asio_request* asio_wait(struct asio_queue* q);

/* Gives `r` back to its queue, which may reuse it.
 * REQUIRES: `r` came from asio_get() or asio_wait(), and was not submitted or
 * put since. */
void asio_put(struct asio_request* r);

/* Waits until everything submitted is finished.  asio_wait() returns those
 * requests afterwards.  This is not fsync(2). */
void asio_sync(struct asio_queue* q);

#ifdef __cplusplus
}
#endif

#endif /* UASIO_ASIO_COMPAT_UCW_ASIO_H_ */
