/*
 * Syslets: chains of system calls with stop conditions, of which those that
 * would block go on in worker threads.  In C.
 *
 * A syslet is a program of atoms.  Each is one system call, whose arguments
 * and result stand in the program's own memory, so that one atom can use what
 * another has got; a condition on the result ends the syslet or takes a branch.
 *
 * Threads:   a head belongs to the thread that registered it, and with it all
 *            calls below; many threads may each have one.
 * Ownership: the head, its ring, the atoms and all that they point to are the
 *            caller's, and stay until the syslet has ended and the head is
 *            unregistered.
 * Units:     system calls' own; ring_size_bytes in bytes.
 * Order:     the atoms of one syslet one after the other; syslets among each
 *            other in none.
 * Blocks:    syslet_exec() only in atoms under SYSLET_SYNC, as docs/syslets.md
 *            says of single calls, and where there are no workers at all;
 *            syslet_wait();
 *            syslet_unregister() until all has run, and so does the end of a
 *            thread that has a head.
 * Errors:    a system call's is the atom's result, -errno; a call below returns
 *            -errno of its own.
 *
 * The structs and the flags are those of the syslet patches for Linux (Ingo
 * Molnar, 2007; syslet.h in fio's first version of it).
 */

#ifndef UASIO_ASIO_SYSLETS_SYSLET_H_
#define UASIO_ASIO_SYSLETS_SYSLET_H_

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One system call.  What stands behind the first NULL of arg_ptr is never
 * looked at, so that an atom may be cut off there: unless another one is
 * reached from it by SYSLET_SKIP_TO_NEXT_ON_STOP, which stands a full struct
 * further on.
 *
 * An atom is read when it is run, before its call is made: what the call or
 * *ret_ptr changes of the atom itself holds for the next time.
 */
struct syslet_uatom {
  unsigned long flags;       /* SYSLET_... */
  unsigned long nr;          /* SYS_..., or SYSLET_NR_UMEM_ADD. */
  long* ret_ptr;             /* Where the result goes; NULL: nowhere. */
  struct syslet_uatom* next; /* Run next, unless this one stops; NULL: none. */
  unsigned long* arg_ptr[6]; /* Where the arguments are; NULL: no more. */
#ifdef __cplusplus
  void* private_; /* The user's; never looked at. */
#else
  void* private; /* The same: a name that C++ does not have. */
#endif
};

/*
 * Where the syslet is run, from this atom on.  Without either: in the caller up
 * to the first call that might block, and from there on in a worker.  Where the
 * system refuses every thread, what is for a worker is run in the caller.
 */
#define SYSLET_ASYNC 0x00000001 /* In a worker, if one can be had at all. */
#define SYSLET_SYNC 0x00000002  /* In the caller, even if that blocks. */

/* If the syslet ends with this atom, nothing is put into the ring. */
#define SYSLET_NO_COMPLETE 0x00000004

/* The syslet ends with this atom if any of these is true of its result. */
#define SYSLET_STOP_ON_NONZERO 0x00000008
#define SYSLET_STOP_ON_ZERO 0x00000010
#define SYSLET_STOP_ON_NEGATIVE 0x00000020
#define SYSLET_STOP_ON_NON_POSITIVE 0x00000040
#define SYSLET_STOP_MASK                                                    \
  (SYSLET_STOP_ON_NONZERO | SYSLET_STOP_ON_ZERO | SYSLET_STOP_ON_NEGATIVE | \
   SYSLET_STOP_ON_NON_POSITIVE)

/* It does not end there then, but goes on with the atom behind this one in
 * memory, whatever `next` is. */
#define SYSLET_SKIP_TO_NEXT_ON_STOP 0x00000080

/* A thread's ring of finished syslets, and how many threads work for it. */
struct async_head_user {
  /*
   * The final atoms of the syslets that went to a worker, in the order in
   * which they ended: slot 0, 1, ... and round again.  The slots are NULL when
   * the head is registered; the user NULLs each, in this order, when he has
   * seen it: see syslet_take().
   */
  struct syslet_uatom** completion_ring;
  /* A multiple of a pointer's size; stays as it is while registered. */
  unsigned long ring_size_bytes;
  /*
   * How many of the thread's syslets are in workers at a time; the others wait
   * for their turn.  -1UL: as many as are good (SYSLET_THREADS_DEFAULT); 0
   * counts as 1, and no head gets more than SYSLET_THREADS_MAX.  It is read
   * anew whenever a syslet is to be started: to change it meanwhile, store it
   * atomically (__atomic_store_n).
   */
  unsigned long max_nr_threads;
};

/*
 * syslet_umem_add() as the `nr` of an atom: a number that no system call has.
 */
#define SYSLET_NR_UMEM_ADD 0x01000000UL

#define SYSLET_THREADS_DEFAULT 32UL
#define SYSLET_THREADS_MAX 1024UL /* Of all heads of the process. */
#define SYSLET_ATOMS_MAX_DEFAULT 1000000UL

/*
 * Gives the calling thread a head.  0, or
 * -EINVAL: head or its ring is NULL, or the ring is misaligned, or its size is
 *          0 or no multiple of a pointer's;
 * -EBUSY:  a slot of the ring is not NULL;
 * -EEXIST: the thread has a head;
 * -ENOMEM: there is no memory.
 */
long syslet_register(struct async_head_user* head);

/*
 * Takes the head away, when all that was executed has run and entered the ring.
 * 0, or -ENXIO: the thread has none (as in the child of a fork: there the
 * parent's is gone, and a new one may be registered).
 */
long syslet_unregister(void);

/*
 * Runs the syslet that begins with `atom`.  Returns its final atom if all of it
 * has run, which is not put into the ring; NULL if it went to a worker; or an
 * error, of which syslet_error() makes
 * -EAGAIN: the ring has no slot to spare: there are as many syslets in workers
 *          and in the ring as it has slots;
 * -EPERM:  a system call in it is refused: docs/syslets.md lists them;
 * -EINVAL: an atom has unknown flags, or both SYSLET_ASYNC and SYSLET_SYNC;
 * -EFAULT: atom is NULL;
 * -ENXIO:  the thread has no head;
 * -ENOMEM: there is no memory to note down for a worker what may be left to it;
 * and nothing has run.  For this, all atoms that can be reached through `next`
 * and SYSLET_SKIP_TO_NEXT_ON_STOP are looked at, and must be in place; without
 * memory to note those down, the process ends.
 *
 * A syslet that makes itself a refused call later gets -EPERM as its result,
 * and -ENOSYS for a number that is no system call.  One that has run as many
 * atoms as it may ends with the next, which is not run: its result is -ELOOP.
 */
struct syslet_uatom* syslet_exec(struct syslet_uatom* atom);

/* -errno if `result`, of syslet_exec(), is an error, and else 0. */
static inline long syslet_error(const struct syslet_uatom* result) {
  const unsigned long value = (unsigned long)result;
  return value >= -4095UL ? (long)value : 0;
}

/*
 * Waits until there are `min` completions in the ring that the user has not
 * NULLed, or nothing is running that could make more of them.  Returns how many
 * there are, or -ENXIO: the thread has no head.
 */
long syslet_wait(unsigned long min);

/*
 * The next completion, whose slot is NULLed; NULL: there is none yet.  `*index`
 * is the caller's, begins with 0, and is the slot that is looked at next.
 */
static inline struct syslet_uatom* syslet_take(
    const struct async_head_user* head, unsigned long* index) {
  struct syslet_uatom** slot = &head->completion_ring[*index];
  struct syslet_uatom* atom = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (!atom) return atom;
  __atomic_store_n(slot, (struct syslet_uatom*)0, __ATOMIC_RELEASE);
  *index = (*index + 1) % (head->ring_size_bytes / sizeof(*slot));
  return atom;
}

/*
 * An eventfd to which 1 is added with each completion, for poll(2): read it,
 * then take what there is.  The head's own, until it is unregistered.  Or
 * -ENXIO: the thread has no head; -EMFILE, -ENFILE, -ENOMEM.
 */
long syslet_event_fd(void);

/*
 * How many atoms each syslet may run, from the next syslet_exec() of the
 * thread's head on; SYSLET_ATOMS_MAX_DEFAULT before.  0, or -EINVAL: atoms_max
 * is 0; -ENXIO: the thread has no head.
 */
long syslet_set_atoms_max(unsigned long atoms_max);

/*
 * Adds `increment` to *number and returns the new value, atomically with regard
 * to all others that do.  -EFAULT: number is NULL; -EINVAL: it is misaligned.
 * Any thread may call it, without a head.
 */
long syslet_umem_add(unsigned long* number, unsigned long increment);

#ifdef __cplusplus
} /* extern "C" */
#endif

#ifdef __cplusplus
#define UASIO_SYSLET_ASSERT(condition) static_assert(condition, #condition)
#else
#define UASIO_SYSLET_ASSERT(condition) _Static_assert(condition, #condition)
#endif

/* The seed's layout, where a long is as large as a pointer. */
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
