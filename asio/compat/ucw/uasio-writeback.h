/*
 * ucw/uasio-writeback.h: a handler for write-backs that fail.
 *
 * Nobody waits for a write-back, so libucw ends the program when one fails or
 * is short.  So does uasio, unless the program sets a handler.  This header is
 * uasio's own; libucw has nothing like it.
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

/* Called with a failed write-back `r`.  `r` and its data are as submitted,
 * except:
 * - status: -1, and returned_errno is the error;
 * - or status: the bytes written, fewer than `len`, and returned_errno is 0.
 * `offset` is where in the file the write began, or -1 if that is unknown: in a
 * pipe, or at the end of a file opened with O_APPEND.
 *
 * After the handler, `r` is put as if it had succeeded.  The handler must not
 * submit or put `r`, and must not wait for any request.  It may get and submit
 * other requests, among them one write-back in place of `r`. */
typedef void asio_writeback_handler(struct asio_request* r, long long offset);

/* Sets the handler for all queues of the process; NULL: none, so that a failed
 * write-back ends the program.  Returns the previous handler, or NULL. */
asio_writeback_handler* asio_on_failed_writeback(
    asio_writeback_handler* handler);

#ifdef __cplusplus
}
#endif

#endif /* UASIO_ASIO_COMPAT_UCW_UASIO_WRITEBACK_H_ */
