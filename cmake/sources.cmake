# The sources of each library and program, and the public headers of each
# library.  //tests:cmake_sources_test compares them with Bazel's.

set(UASIO_CLISTS_HEADERS
    clists/clist.h)

set(UASIO_WORKQUEUE_SOURCES
    workqueue/adaptive_yield.cc
    workqueue/check.cc
    workqueue/deadline.cc
    workqueue/owner.cc
    workqueue/raw_queue.cc
    workqueue/work_queue.cc
    workqueue/worker_pool.cc)

set(UASIO_WORKQUEUE_HEADERS
    workqueue/adaptive_yield.h
    workqueue/check.h
    workqueue/deadline.h
    workqueue/mutex.h
    workqueue/owner.h
    workqueue/raw_queue.h
    workqueue/work.h
    workqueue/work_queue.h
    workqueue/worker_pool.h)

set(UASIO_SYSCALLS_SOURCES
    asio/op.cc
    asio/syscalls/aio_context.cc
    asio/syscalls/cached_batch.cc
    asio/syscalls/direct_io.cc
    asio/syscalls/fd_users.cc
    asio/syscalls/perform.cc
    asio/syscalls/readiness.cc
    asio/syscalls/transfer.cc)

set(UASIO_SYSCALLS_HEADERS
    asio/op.h)

set(UASIO_ASIO_SOURCES
    asio/buffer.cc
    asio/errors.cc
    asio/file.cc
    asio/internal/order.cc
    asio/internal/probes.cc
    asio/internal/process_pool.cc
    asio/internal/queue_cancel.cc
    asio/internal/queue_debug.cc
    asio/internal/queue_impl.cc
    asio/internal/queue_reap.cc
    asio/internal/queue_wait.cc
    asio/internal/request_transfer.cc
    asio/internal/router.cc
    asio/internal/slot.cc
    asio/internal/worker_backend.cc
    asio/ledger.cc
    asio/queue.cc
    asio/request.cc
    asio/stats.cc
    asio/temporary.cc)

set(UASIO_ASIO_HEADERS
    asio/backend.h
    asio/buffer.h
    asio/errors.h
    asio/file.h
    asio/lease.h
    asio/ledger.h
    asio/queue.h
    asio/request.h
    asio/stats.h
    asio/temporary.h)

set(UASIO_BACKENDS_SOURCES
    asio/backends/crash_log.cc
    asio/backends/fault.cc
    asio/backends/kaio.cc
    asio/backends/sync.cc
    asio/backends/table.cc)

set(UASIO_BACKENDS_HEADERS
    asio/backends/completion_buffer.h
    asio/backends/fault.h
    asio/backends/sync.h
    asio/backends/table.h)

set(UASIO_URING_SOURCES
    asio/backends/new_uring.cc
    asio/backends/uring.cc)

set(UASIO_WITHOUT_URING_SOURCES
    asio/backends/without_uring.cc)

set(UASIO_STREAMS_SOURCES
    asio/streams/copy.cc
    asio/streams/default_queue.cc
    asio/streams/internal/block_reader.cc
    asio/streams/internal/block_writer.cc
    asio/streams/internal/share.cc
    asio/streams/internal/stream.cc
    asio/streams/reader.cc
    asio/streams/streambuf.cc
    asio/streams/writer.cc)

set(UASIO_STREAMS_HEADERS
    asio/streams/copy.h
    asio/streams/default_queue.h
    asio/streams/options.h
    asio/streams/reader.h
    asio/streams/streambuf.h
    asio/streams/writer.h)

set(UASIO_SYSLETS_SOURCES
    asio/syslets/builder.cc
    asio/syslets/internal/attempts.cc
    asio/syslets/internal/calls.cc
    asio/syslets/internal/head.cc
    asio/syslets/internal/program.cc
    asio/syslets/internal/ring.cc
    asio/syslets/syslet.cc)

set(UASIO_SYSLETS_HEADERS
    asio/syslets/builder.h
    asio/syslets/syslet.h)

set(UASIO_UCW_SOURCES
    asio/compat/ucw/asio.cc
    asio/compat/ucw/workqueue.cc)

set(UASIO_UCW_HEADERS
    asio/compat/ucw/asio.h
    asio/compat/ucw/clists.h
    asio/compat/ucw/uasio-writeback.h
    asio/compat/ucw/workqueue.h)

set(UASIO_AIO_SOURCES
    asio/compat/libaio/admission.cc
    asio/compat/libaio/aio.cc
    asio/compat/libaio/context.cc
    asio/compat/libaio/context_table.cc
    asio/compat/libaio/control_blocks.cc
    asio/compat/libaio/doorbell.cc
    asio/compat/libaio/ring.cc
    asio/compat/libaio/settings.cc
    asio/compat/libaio/submission.cc
    asio/compat/libaio/user_memory.cc
    asio/compat/libaio/waiters.cc)

set(UASIO_LIBAIO_SOURCES
    asio/compat/libaio/libaio.cc)

set(UASIO_TOOLS_COMMON_SOURCES
    tools/common/backend_flag.cc
    tools/common/command_line.cc
    tools/common/fatal_signals.cc
    tools/common/replacement.cc
    tools/common/standard_streams.cc)

set(UASIO_ASIO_BENCH_SOURCES
    tools/bench/asio_bench.cc
    tools/bench/beside.cc
    tools/bench/chart.cc
    tools/bench/comparison.cc
    tools/bench/driver.cc
    tools/bench/emulated_libaio_engine.cc
    tools/bench/engine.cc
    tools/bench/fio.cc
    tools/bench/histogram.cc
    tools/bench/io_submit_driver.cc
    tools/bench/job.cc
    tools/bench/liburing_driver.cc
    tools/bench/limits.cc
    tools/bench/mutex_queue_driver.cc
    tools/bench/options.cc
    tools/bench/plot.cc
    tools/bench/posix_aio_driver.cc
    tools/bench/pread_driver.cc
    tools/bench/presets.cc
    tools/bench/queue_engine.cc
    tools/bench/report.cc
    tools/bench/schedule.cc
    tools/bench/scratch_file.cc
    tools/bench/small_files.cc
    tools/bench/small_files_engine.cc
    tools/bench/small_streams_engine.cc
    tools/bench/statistics.cc
    tools/bench/stream_engine.cc
    tools/bench/stream_scatter_driver.cc)

set(UASIO_ASIO_CP_SOURCES
    tools/cp/asio_cp.cc
    tools/cp/compare.cc
    tools/cp/copy.cc
    tools/cp/extents.cc
    tools/cp/progress.cc)

set(UASIO_ASIO_PROBE_SOURCES
    tools/probe/asio_probe.cc
    tools/probe/probe.cc)

set(UASIO_ASIO_SCATTER_SOURCES
    tools/scatter/asio_scatter.cc
    tools/scatter/scatter.cc)

set(UASIO_ASIO_SUM_SOURCES
    tools/sum/asio_sum.cc
    tools/sum/file_sums.cc
    tools/sum/sha256.cc
    tools/sum/sum_lines.cc)

set(UASIO_UASIO-AIO_SOURCES
    tools/aio/elf.cc
    tools/aio/program.cc
    tools/aio/uasio_aio.cc)
