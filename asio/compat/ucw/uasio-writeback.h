/*
 * ucw/uasio-writeback.h: what is to be done about write-backs that fail.
 *
 * Nobody waits for a write-back, so libucw ends the program when one fails or
 * is short, and so does uasio, unless the program says otherwise here.  This
 * header is uasio's own; libucw has nothing like it.
 *
 *   static void note(struct asio_request *r, long long offset) {
 *     struct my_file *file = r->user_data;
 *     file->error = r->status < 0 ? r->returned_errno : ENOSPC;
 *   }
 *   ...
 *   asio_on_failed_writeback(note);
 *
 * Threads:   asio_on_failed_writeback() may be called by any.  The handler is
 *            called in the thread that uses the queue, from inside a call of
 *            asio_submit(), asio_wait() or asio_sync() for that queue.
 */

#ifndef UASIO_ASIO_COMPAT_UCW_UASIO_WRITEBACK_H_
#define UASIO_ASIO_COMPAT_UCW_UASIO_WRITEBACK_H_

#include "ucw/asio.h"

#ifdef CONFIG_UCW_CLEAN_ABI
#define asio_on_failed_writeback ucw_asio_on_failed_writeback
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Is shown `r`, all of it as it was submitted, its data included.  `status` is
 * -1 and `returned_errno` says why, or `status` is the bytes that were written
 * although there are more in `len`.  `offset` is where in the file the write
 * began, or -1 where that cannot be told: in a pipe, or at the end of a file
 * opened with O_APPEND.
 *
 * When it returns, `r` is put as if it had succeeded.  Until then `r` must not
 * be submitted or put, and nothing of `r`'s thread may wait for a request; a
 * request got here can be submitted, also one write-back in place of `r`. */
typedef void asio_writeback_handler(struct asio_request* r, long long offset);

/* Has `handler` called, for every queue of the process, from now on; NULL: the
 * program ends again.  Returns the handler that there was, or NULL. */
asio_writeback_handler* asio_on_failed_writeback(
    asio_writeback_handler* handler);

#ifdef __cplusplus
}
#endif

#endif /* UASIO_ASIO_COMPAT_UCW_UASIO_WRITEBACK_H_ */
