/* Shows that cnode.h is plain C with the layout that it promises. */

#include <stddef.h>

#include "clists/cnode.h"

_Static_assert(sizeof(cnode) == 2 * sizeof(void*), "two pointers");
_Static_assert(offsetof(cnode, next) == 0, "next comes first");
_Static_assert(offsetof(cnode, prev) == sizeof(void*), "prev comes second");
_Static_assert(sizeof(clist) == sizeof(cnode), "a list is one node");
_Static_assert(offsetof(clist, head) == 0, "the head is the list");

/* The sum of the ints that stand right behind the nodes of `list`. */
int SumInC(const clist* list);

struct listed_int {
  cnode node;
  int value;
};

int SumInC(const clist* list) {
  int sum = 0;
  for (const cnode* node = list->head.next; node != &list->head;
       node = node->next) {
    sum += ((const struct listed_int*)node)->value;
  }
  return sum;
}
