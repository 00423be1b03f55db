/* The sizes and offsets are libucw's, on every 64-bit machine, in C and in
 * C++. */

#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include "ucw/asio.h"

#define OFFSET(type, member, bytes) \
  static_assert(offsetof(struct type, member) == (bytes), #type "." #member)
#define SIZE(type, bytes) static_assert(sizeof(struct type) == (bytes), #type)

#if defined(__LP64__)

enum { MUTEX = sizeof(pthread_mutex_t) };

#if defined(__x86_64__)
static_assert(MUTEX == 40, "pthread_mutex_t");
#endif

OFFSET(cnode, next, 0);
OFFSET(cnode, prev, 8);
SIZE(cnode, 16);

OFFSET(clist, head, 0);
SIZE(clist, 16);

OFFSET(work, n, 0);
OFFSET(work, priority, 16);
OFFSET(work, reply_to, 24);
OFFSET(work, go, 32);
SIZE(work, 40);

OFFSET(worker_thread, n, 0);
OFFSET(worker_thread, thread, 16);
OFFSET(worker_thread, pool, 24);
OFFSET(worker_thread, id, 32);
SIZE(worker_thread, 40);

OFFSET(raw_queue, queue_mutex, 0);
OFFSET(raw_queue, pri0_queue, MUTEX);
OFFSET(raw_queue, pri_heap, MUTEX + 16);
OFFSET(raw_queue, heap_cnt, MUTEX + 24);
OFFSET(raw_queue, heap_max, MUTEX + 28);
OFFSET(raw_queue, queue_sem, MUTEX + 32);
SIZE(raw_queue, MUTEX + 40);

OFFSET(worker_pool, requests, 0);
OFFSET(worker_pool, num_threads, MUTEX + 40);
OFFSET(worker_pool, stack_size, MUTEX + 44);
OFFSET(worker_pool, new_thread, MUTEX + 48);
OFFSET(worker_pool, free_thread, MUTEX + 56);
OFFSET(worker_pool, init_thread, MUTEX + 64);
OFFSET(worker_pool, cleanup_thread, MUTEX + 72);
OFFSET(worker_pool, worker_threads, MUTEX + 80);
OFFSET(worker_pool, init_cleanup_sem, MUTEX + 96);
SIZE(worker_pool, MUTEX + 104);

OFFSET(work_queue, pool, 0);
OFFSET(work_queue, nr_running, 8);
OFFSET(work_queue, finished, 16);
SIZE(work_queue, MUTEX + 56);

OFFSET(asio_queue, buffer_size, 0);
OFFSET(asio_queue, max_writebacks, 4);
OFFSET(asio_queue, allocated_requests, 8);
OFFSET(asio_queue, running_requests, 12);
OFFSET(asio_queue, running_writebacks, 16);
OFFSET(asio_queue, idle_list, 24);
OFFSET(asio_queue, done_list, 40);
OFFSET(asio_queue, queue, 56);
OFFSET(asio_queue, use_count, MUTEX + 112);
SIZE(asio_queue, MUTEX + 120);

OFFSET(asio_request, work, 0);
OFFSET(asio_request, queue, 40);
OFFSET(asio_request, buffer, 48);
OFFSET(asio_request, fd, 56);
OFFSET(asio_request, op, 60);
OFFSET(asio_request, len, 64);
OFFSET(asio_request, status, 68);
OFFSET(asio_request, returned_errno, 72);
OFFSET(asio_request, submitted, 76);
OFFSET(asio_request, user_data, 80);
SIZE(asio_request, 88);

#endif

/* The numbers of the operations, and the types, on every machine. */
static_assert(ASIO_FREE == 0 && ASIO_READ == 1, "asio_op");
static_assert(ASIO_WRITE == 2 && ASIO_WRITE_BACK == 3, "asio_op");
static_assert(sizeof(uns) == sizeof(unsigned) && (uns)-1 > 0, "uns");
static_assert(sizeof(uint) == sizeof(unsigned) && (uint)-1 > 0, "uint");
static_assert(sizeof(byte) == 1 && (byte)-1 > 0, "byte");

int main(void) { return 0; }
