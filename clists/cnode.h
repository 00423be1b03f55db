// The nodes of an intrusive circular list, as plain C types.
//
// A `cnode` is a member of the struct that is to be listed; a `clist` is a
// cnode of its own, which closes the circle: head.next is the first node and
// head.prev the last, and both point to the head itself when the list is
// empty.  A node may be on one list at a time and knows nothing of that list,
// so it can be removed without it.
//
// The layout is that of libucw's "ucw/clists.h" on every ABI: two pointers.
// C++ code uses these types through the typed uasio::Clist in clists/clist.h.

#ifndef UASIO_CLISTS_CNODE_H_
#define UASIO_CLISTS_CNODE_H_

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cnode {
  struct cnode* next;
  struct cnode* prev;
} cnode;

typedef struct clist {
  struct cnode head;
} clist;

#ifdef __cplusplus
}
#endif

#endif  // UASIO_CLISTS_CNODE_H_
