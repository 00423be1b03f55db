/*
 * Syslets: chains of system calls with stop conditions, in C.  A chain goes on
 * in a worker thread from the first call that might block.
 *
 * A syslet is a program of atoms.  Each atom is one system call.  Its arguments
 * and its result are in the program's own memory, so that one atom can use the
 * result of another; a condition on the result ends the syslet or branches.
 *
 * Threads:   a head belongs to the thread that registered it; the calls below
 *            use the calling thread's head.  Each thread may have one.
 * Ownership: the caller owns the head, its ring, the atoms and all that they
 *            point to, and keeps them until the syslet has ended and the head
 *            is unregistered.
 * Units:     those of the system calls; ring_size_bytes is in bytes.
 * Order:     the atoms of one syslet run one after the other; different
 *            syslets run in any order.
 * Blocks:    syslet_wait();
 *            syslet_unregister(), and the end of a thread that has a head,
 *            until all of its syslets have ended;
 *            syslet_exec() only in atoms under SYSLET_SYNC, in the calls for
 *            which docs/syslets.md says so, and if the system refuses to create
 *            any thread.
 * Errors:    a system call's error is the atom's result, -errno; the functions
 *            below return -errno.
 *
 * The structs and the flags are those of the syslet patches for Linux (Ingo
 * Molnar, 2007), as in the first version of fio's syslet.h.
 */

#ifndef UASIO_ASIO_SYSLETS_SYSLET_H_
#define UASIO_ASIO_SYSLETS_SYSLET_H_

#include <stddef.h>
#include <stdint.h>

/* For this header only: what C and C++ spell differently. */
#if defined(__cplusplus)
#define UASIO_SYSLET_ASSERT(condition) static_assert(condition, #condition)
#define UASIO_SYSLET_INTEGER(pointer) (reinterpret_cast<intptr_t>(pointer))
#define UASIO_SYSLET_NULL nullptr
#else
#if __STDC_VERSION__ >= 201112L
#define UASIO_SYSLET_ASSERT(condition) _Static_assert(condition, #condition)
#else
#define UASIO_SYSLET_ASSERT(condition) \
  extern int uasio_syslet_assert[(condition) ? 1 : -1]
#endif
#define UASIO_SYSLET_INTEGER(pointer) ((intptr_t)(pointer))
#define UASIO_SYSLET_NULL NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One system call.  Nothing behind the first NULL of arg_ptr is read, so an
 * atom may be truncated there, unless SYSLET_SKIP_TO_NEXT_ON_STOP leads from it
 * to another atom: that one must be a full struct further on.
 *
 * An atom is read when it runs, before its call is made.  If the call or the
 * store to *ret_ptr changes the atom itself, the next run sees the change.
 */
struct syslet_uatom {
  unsigned long flags;       /* SYSLET_... */
  unsigned long nr;          /* SYS_..., or SYSLET_NR_UMEM_ADD. */
  long* ret_ptr;             /* Where the result is stored; or NULL. */
  struct syslet_uatom* next; /* Runs next, unless this one stops; or NULL. */
  unsigned long* arg_ptr[6]; /* To the arguments; NULL: no more. */
#ifdef __cplusplus
  void* private_; /* The user's; never read. */
#else
  void* private; /* The same; in C++ the name is a keyword. */
#endif
};

/*
 * Where the syslet runs, from this atom on.  With neither flag it runs in the
 * caller up to the first call that might block, and from there on in a worker.
 * If the system refuses to create any thread, the worker's part runs in the
 * caller.
 */
#define SYSLET_ASYNC 0x00000001 /* In a worker, if there is any. */
#define SYSLET_SYNC 0x00000002  /* In the caller, even if that blocks. */

/* If the syslet ends with this atom, nothing enters the ring. */
#define SYSLET_NO_COMPLETE 0x00000004

/* The syslet ends with this atom if any of these holds for its result. */
#define SYSLET_STOP_ON_NONZERO 0x00000008
#define SYSLET_STOP_ON_ZERO 0x00000010
#define SYSLET_STOP_ON_NEGATIVE 0x00000020
#define SYSLET_STOP_ON_NON_POSITIVE 0x00000040
#define SYSLET_STOP_MASK                                                    \
  (SYSLET_STOP_ON_NONZERO | SYSLET_STOP_ON_ZERO | SYSLET_STOP_ON_NEGATIVE | \
   SYSLET_STOP_ON_NON_POSITIVE)

/* If a STOP condition holds, the syslet does not end: it goes on with the atom
 * behind this one in memory, whatever `next` is. */
#define SYSLET_SKIP_TO_NEXT_ON_STOP 0x00000080

/* A thread's completion ring, and the limit on the workers that it uses. */
struct async_head_user {
  /*
   * The final atoms of the syslets that went to a worker, in the order in
   * which the syslets ended: in slot 0, 1, ... and again from 0.  All slots
   * must be NULL when the head is registered.  The user takes each atom, in
   * this order, and sets its slot to NULL: see syslet_take().
   */
  struct syslet_uatom** completion_ring;
  /* A multiple of a pointer's size; must not change while registered. */
  unsigned long ring_size_bytes;
  /*
   * How many of the thread's syslets run in workers at a time; the others wait.
   * -1UL: SYSLET_THREADS_DEFAULT; 0 counts as 1; above SYSLET_THREADS_MAX
   * counts as that.  It is read again whenever a syslet could start.  To change
   * it while the head is registered, store it atomically (__atomic_store_n).
   */
  unsigned long max_nr_threads;
};

/* An atom with this `nr` is syslet_umem_add(); no system call has the number.
 */
#define SYSLET_NR_UMEM_ADD 0x01000000UL

#define SYSLET_THREADS_DEFAULT 32UL
#define SYSLET_THREADS_MAX 1024UL /* For the whole process. */
#define SYSLET_ATOMS_MAX_DEFAULT 1000000UL

/*
 * Registers the calling thread's head.  Returns 0, or
 * -EINVAL: head or its ring is NULL, or the ring is misaligned, or its size is
 *          0 or not a multiple of a pointer's;
 * -EBUSY:  a slot of the ring is not NULL;
 * -EEXIST: the thread already has a head;
 * -ENOMEM: there is no memory.
 */
long syslet_register(struct async_head_user* head);

/*
 * Waits until all syslets of the calling thread have ended and their
 * completions are in the ring, then unregisters the thread's head.  Returns 0,
 * or
 * -ENXIO: the thread has no head.  (The child of a fork does not inherit its
 *         parent's, and may register a new one.)
 */
long syslet_unregister(void);

/*
 * Runs the syslet that begins with `atom`.  Returns
 * - its final atom, if the syslet has ended without a worker; the atom does not
 *   enter the ring then;
 * - NULL, if the syslet went to a worker;
 * - an error, if nothing has run; syslet_error() makes of it
 *   -EAGAIN: no slot of the ring is free: there are as many syslets in workers
 *            and completions in the ring as it has slots;
 *   -EPERM:  a system call in it is refused: docs/syslets.md has a list;
 *   -EINVAL: an atom has unknown flags, or both SYSLET_ASYNC and SYSLET_SYNC;
 *   -EFAULT: atom is NULL;
 *   -ENXIO:  the thread has no head;
 *   -ENOMEM: there is no memory for the job that a worker might have to run.
 *
 * Before anything runs, all atoms that can be reached through `next` and
 * SYSLET_SKIP_TO_NEXT_ON_STOP are checked, so they must be in place.  If there
 * is no memory for the list of these atoms, the process ends.
 *
 * Some atoms get a result without a system call.  -EPERM: the atom became a
 * refused call after the check.  -ENOSYS: its number is no system call.
 * -ELOOP: the syslet has run as many atoms as syslet_set_atoms_max() allows,
 * and ends with this one, which is not run.
 */
struct syslet_uatom* syslet_exec(struct syslet_uatom* atom);

/* -errno if `result`, from syslet_exec(), is an error; else 0. */
static inline long syslet_error(const struct syslet_uatom* result) {
  const intptr_t value = UASIO_SYSLET_INTEGER(result);
  return value < 0 && value >= -4095 ? value : 0;
}

/*
 * Waits until `min` completions are in the ring, or no syslet runs that could
 * add one.  Returns how many are in the ring (the user has not yet set their
 * slots to NULL), or
 * -ENXIO: the thread has no head.
 */
long syslet_wait(unsigned long min);

/*
 * Takes the next completion and sets its slot to NULL; NULL: there is none yet.
 * `*index` is the slot to look at.  The caller keeps it, and begins with 0.
 */
static inline struct syslet_uatom* syslet_take(
    const struct async_head_user* head, unsigned long* index) {
  struct syslet_uatom* const none = UASIO_SYSLET_NULL;
  struct syslet_uatom** slot = &head->completion_ring[*index];
  struct syslet_uatom* atom = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (!atom) return atom;
  __atomic_store_n(slot, none, __ATOMIC_RELEASE);
  *index = (*index + 1) % (head->ring_size_bytes / sizeof(*slot));
  return atom;
}

/*
 * Returns an eventfd for poll(2), to which each completion adds 1: read it,
 * then take all completions.  The head owns it until it is unregistered.  Or
 * -ENXIO: the thread has no head; -EMFILE, -ENFILE, -ENOMEM: from eventfd(2).
 */
long syslet_event_fd(void);

/*
 * Sets how many atoms each syslet may run, from the calling thread's next
 * syslet_exec() on; the default is SYSLET_ATOMS_MAX_DEFAULT.  Returns 0, or
 * -EINVAL: atoms_max is 0;
 * -ENXIO:  the thread has no head.
 */
long syslet_set_atoms_max(unsigned long atoms_max);

/*
 * Atomically adds `increment` to *number.  Returns the new value, or
 * -EFAULT: number is NULL;
 * -EINVAL: number is misaligned.
 * Any thread may call it, without a head.
 */
long syslet_umem_add(unsigned long* number, unsigned long increment);

#ifdef __cplusplus
} /* extern "C" */
#endif

/* The layout of the 2007 patches, if a long is as large as a pointer. */
UASIO_SYSLET_ASSERT(sizeof(long) == sizeof(void*));
UASIO_SYSLET_ASSERT(sizeof(struct syslet_uatom) == 11 * sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct syslet_uatom, nr) ==
                    sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct syslet_uatom, ret_ptr) ==
                    2 * sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct syslet_uatom, next) ==
                    3 * sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct syslet_uatom, arg_ptr) ==
                    4 * sizeof(long));
UASIO_SYSLET_ASSERT(sizeof(struct async_head_user) == 3 * sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct async_head_user,
                                       ring_size_bytes) == sizeof(long));
UASIO_SYSLET_ASSERT(__builtin_offsetof(struct async_head_user,
                                       max_nr_threads) == 2 * sizeof(long));

#endif /* UASIO_ASIO_SYSLETS_SYSLET_H_ */
