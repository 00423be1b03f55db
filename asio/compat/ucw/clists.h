/*
 * ucw/clists.h: intrusive circular lists, as libucw has them.
 *
 * The interface is that of all versions of libucw's "ucw/clists.h": the same
 * types, functions and macros, so that a program written for it compiles
 * unchanged, as C and as C++.
 *
 * A struct that goes on a list begins with a cnode; or has one elsewhere, if
 * the caller always converts the pointers.  Pointers to nodes are passed as
 * void * so that they can be assigned to a pointer to the struct.
 *
 *   struct job {
 *     cnode n;
 *     int id;
 *   };
 *   clist jobs;
 *   clist_init(&jobs);
 *   clist_add_tail(&jobs, &job->n);
 *   CLIST_FOR_EACH(struct job *, j, jobs)
 *     printf("%d\n", j->id);
 *
 * Threads:   none of its own; the caller serialises.
 * Ownership: the list owns nothing and allocates nothing.
 * Errors:    none; a broken REQUIRES is not detected.
 */

#ifndef UASIO_ASIO_COMPAT_UCW_CLISTS_H_
#define UASIO_ASIO_COMPAT_UCW_CLISTS_H_

#ifdef _UCW_CLISTS_H
#error "libucw's own ucw/clists.h came first; put uasio's before it in the path"
#endif
#define _UCW_CLISTS_H /* Keeps libucw's own out. */

#include <stddef.h>

/* For this header only. */
#ifdef __cplusplus
#define UCW_NULL_ nullptr
#else
#define UCW_NULL_ NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A member of each struct that goes on a list. */
typedef struct cnode {
  struct cnode* next;
  struct cnode* prev;
} cnode;

/* A cnode that closes the circle: head.next is the first node, head.prev the
 * last, and both point to the head itself in an empty list. */
typedef struct clist {
  struct cnode head;
} clist;

/* Makes `l` an empty list, whatever it was.  Call this before all others. */
static inline void clist_init(clist* l) {
  l->head.next = l->head.prev = &l->head;
}

/* Non-zero if there is nothing on `l`. */
static inline int clist_empty(clist* l) { return l->head.next == &l->head; }

/* The first and the last node, or NULL when the list is empty. */
static inline void* clist_head(clist* l) {
  return clist_empty(l) ? UCW_NULL_ : l->head.next;
}
static inline void* clist_tail(clist* l) {
  return clist_empty(l) ? UCW_NULL_ : l->head.prev;
}

/* The neighbours of `n`, which is on `l`, or NULL at the list's end. */
static inline void* clist_next(clist* l, cnode* n) {
  return n->next == &l->head ? UCW_NULL_ : n->next;
}
static inline void* clist_prev(clist* l, cnode* n) {
  return n->prev == &l->head ? UCW_NULL_ : n->prev;
}

/* Puts `what`, which is on no list, next to a node that is on one. */
static inline void clist_insert_after(cnode* what, cnode* after) {
  what->prev = after;
  what->next = after->next;
  what->next->prev = what;
  after->next = what;
}
static inline void clist_insert_before(cnode* what, cnode* before) {
  clist_insert_after(what, before->prev);
}

/* Puts `n`, which is on no list, at an end of `l`. */
static inline void clist_add_head(clist* l, cnode* n) {
  clist_insert_after(n, &l->head);
}
static inline void clist_add_tail(clist* l, cnode* n) {
  clist_insert_before(n, &l->head);
}

/* Takes `n` off its list.  Its own pointers stay as they are. */
static inline void clist_remove(cnode* n) {
  n->prev->next = n->next;
  n->next->prev = n->prev;
}

/* Takes the first or the last node off and returns it; NULL: `l` is empty. */
static inline void* clist_remove_head(clist* l) {
  cnode* n = l->head.next;
  if (n == &l->head) return UCW_NULL_;
  clist_remove(n);
  return n;
}
static inline void* clist_remove_tail(clist* l) {
  cnode* n = l->head.prev;
  if (n == &l->head) return UCW_NULL_;
  clist_remove(n);
  return n;
}

/* The same three, but they set the node's pointers to NULL, so that
 * clist_is_linked() is 0. */
static inline void clist_unlink(cnode* n) {
  clist_remove(n);
  n->next = n->prev = UCW_NULL_;
}
static inline void* clist_unlink_head(clist* l) {
  cnode* n = l->head.next;
  if (n == &l->head) return UCW_NULL_;
  clist_unlink(n);
  return n;
}
static inline void* clist_unlink_tail(clist* l) {
  cnode* n = l->head.prev;
  if (n == &l->head) return UCW_NULL_;
  clist_unlink(n);
  return n;
}

/* 1 while `n` is on a list, else 0.
 * REQUIRES: it was all zeroes at first, and only the unlink functions take it
 * off a list. */
static inline int clist_is_linked(cnode* n) { return n->next != UCW_NULL_; }

/* Moves all of the list `what`, in order, right behind `after`, which is on
 * another list or is the head of one, and leaves `what` empty. */
static inline void clist_insert_list_after(clist* what, cnode* after) {
  cnode* first = what->head.next;
  cnode* last = what->head.prev;
  if (clist_empty(what)) return;
  first->prev = after;
  last->next = after->next;
  last->next->prev = last;
  after->next = first;
  clist_init(what);
}

/* Moves all of `from` to `to`, whose old contents do not matter, and leaves
 * `from` empty. */
static inline void clist_move(clist* to, clist* from) {
  clist_init(to);
  clist_insert_list_after(from, &to->head);
}

/*
 * The loops.  `list` is the clist itself, not its address; `n` points to the
 * current element and is of any pointer type, and so is `tmp`, which the
 * caller declares too.  The FOR_EACH macros declare `n` as a `type`.  Only in
 * the DELSAFE loops may the current element be removed and freed; in no loop
 * may the one after it be removed.
 */
#define CLIST_WALK(n, list)                                                \
  for (n = UCW_CLIST_LIKE_(n, (list).head.next); !UCW_CLIST_END_(n, list); \
       n = UCW_CLIST_LIKE_(n, ((cnode*)(n))->next))

#define CLIST_WALK_DELSAFE(n, list, tmp)                \
  for (n = UCW_CLIST_LIKE_(n, (list).head.next);        \
       tmp = UCW_CLIST_LIKE_(tmp, ((cnode*)(n))->next), \
      !UCW_CLIST_END_(n, list);                         \
       n = UCW_CLIST_LIKE_(n, tmp))

#define CLIST_FOR_EACH(type, n, list)                                    \
  for (type n = (type)(void*)(list).head.next; !UCW_CLIST_END_(n, list); \
       n = UCW_CLIST_LIKE_(n, ((cnode*)(n))->next))

#define CLIST_FOR_EACH_DELSAFE(type, n, list, tmp)      \
  for (type n = (type)(void*)(list).head.next;          \
       tmp = UCW_CLIST_LIKE_(tmp, ((cnode*)(n))->next), \
            !UCW_CLIST_END_(n, list);                   \
       n = UCW_CLIST_LIKE_(n, tmp))

#define CLIST_FOR_EACH_BACKWARDS(type, n, list)                          \
  for (type n = (type)(void*)(list).head.prev; !UCW_CLIST_END_(n, list); \
       n = UCW_CLIST_LIKE_(n, ((cnode*)(n))->prev))

/* For the loops only: `node` converted to the type of `n`, which C++ needs; and
 * whether `n` is the head of the list, which ends the loop. */
#define UCW_CLIST_LIKE_(n, node) ((__typeof__(n))(void*)(node))
#define UCW_CLIST_END_(n, list) ((cnode*)(n) == &(list).head)

/* The number of nodes on `l`: O(n). */
static inline unsigned int clist_size(clist* l) {
  unsigned int count = 0;
  cnode* n;
  for (n = l->head.next; n != &l->head; n = n->next) ++count;
  return count;
}

#ifdef __cplusplus
}
#endif

#endif /* UASIO_ASIO_COMPAT_UCW_CLISTS_H_ */
