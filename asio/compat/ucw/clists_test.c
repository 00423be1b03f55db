/* Every function and macro of "ucw/clists.h". */

#include "ucw/clists.h"

#include "asio/compat/ucw/ucw_testing.h"

struct item {
  cnode n;
  int id;
};

enum { ITEMS = 5 };
static struct item items[ITEMS];
static clist list;

/* Makes `list` hold the items 0 to count - 1, in order. */
static void list_items(int count) {
  int i;
  clist_init(&list);
  for (i = 0; i < ITEMS; i++) {
    items[i].id = i;
    if (i < count) clist_add_tail(&list, &items[i].n);
  }
}

/* Expects the ids on `l` to be the digits of `ids`, and all links to match. */
static void expect_ids(clist* l, const char* ids) {
  unsigned count = (unsigned)strlen(ids);
  const char* digit = ids;
  cnode* n;
  for (n = l->head.next; n != &l->head; n = n->next, digit++) {
    EXPECT(*digit != '\0' && ((struct item*)n)->id == *digit - '0');
    EXPECT(n->next->prev == n && n->prev->next == n);
  }
  EXPECT(*digit == '\0');
  EXPECT(l->head.next->prev == &l->head && l->head.prev->next == &l->head);
  EXPECT(clist_size(l) == count);
  EXPECT((clist_empty(l) != 0) == (count == 0));
}

static void an_initialised_list_is_empty(void) {
  FILL_WITH_GARBAGE(list);
  clist_init(&list);
  expect_ids(&list, "");
  EXPECT(clist_head(&list) == NULL);
  EXPECT(clist_tail(&list) == NULL);
  EXPECT(clist_remove_head(&list) == NULL);
  EXPECT(clist_remove_tail(&list) == NULL);
  EXPECT(clist_unlink_head(&list) == NULL);
  EXPECT(clist_unlink_tail(&list) == NULL);
}

static void there_are_no_neighbours_beyond_the_ends(void) {
  list_items(2);
  EXPECT(clist_head(&list) == &items[0]);
  EXPECT(clist_tail(&list) == &items[1]);
  EXPECT(clist_next(&list, &items[0].n) == &items[1]);
  EXPECT(clist_next(&list, &items[1].n) == NULL);
  EXPECT(clist_prev(&list, &items[1].n) == &items[0]);
  EXPECT(clist_prev(&list, &items[0].n) == NULL);
}

static void added_nodes_are_where_they_were_inserted(void) {
  list_items(0);
  clist_add_tail(&list, &items[1].n);
  clist_add_head(&list, &items[0].n);
  expect_ids(&list, "01");
  clist_insert_after(&items[2].n, &items[0].n);
  expect_ids(&list, "021");
  clist_insert_before(&items[3].n, &items[0].n);
  expect_ids(&list, "3021");
  clist_insert_after(&items[4].n, &items[1].n);
  expect_ids(&list, "30214");
}

static void removed_nodes_keep_their_pointers(void) {
  list_items(3);
  clist_remove(&items[1].n);
  expect_ids(&list, "02");
  EXPECT(items[1].n.next == &items[2].n && items[1].n.prev == &items[0].n);
  EXPECT(clist_is_linked(&items[1].n) == 1);
  EXPECT(clist_remove_head(&list) == &items[0]);
  expect_ids(&list, "2");
  EXPECT(clist_remove_tail(&list) == &items[2]);
  expect_ids(&list, "");
  EXPECT(items[2].n.next == &list.head);
}

static void unlinked_nodes_are_not_linked(void) {
  struct item fresh;
  memset(&fresh, 0, sizeof(fresh));
  EXPECT(clist_is_linked(&fresh.n) == 0);
  list_items(4);
  EXPECT(clist_is_linked(&items[1].n) == 1);
  clist_unlink(&items[1].n);
  expect_ids(&list, "023");
  EXPECT(clist_is_linked(&items[1].n) == 0);
  EXPECT(items[1].n.prev == NULL);
  EXPECT(clist_unlink_head(&list) == &items[0]);
  EXPECT(clist_is_linked(&items[0].n) == 0);
  EXPECT(clist_unlink_tail(&list) == &items[3]);
  EXPECT(clist_is_linked(&items[3].n) == 0);
  expect_ids(&list, "2");
}

static void a_list_is_inserted_in_order(void) {
  clist other;
  list_items(2);
  clist_init(&other);
  clist_insert_list_after(&other, &items[0].n);
  expect_ids(&list, "01");
  clist_add_tail(&other, &items[2].n);
  clist_add_tail(&other, &items[3].n);
  clist_insert_list_after(&other, &items[0].n);
  expect_ids(&list, "0231");
  expect_ids(&other, "");
  clist_add_tail(&other, &items[4].n);
  clist_insert_list_after(&other, &list.head);
  expect_ids(&list, "40231");
  expect_ids(&other, "");
}

static void a_moved_list_replaces_the_other(void) {
  clist to;
  FILL_WITH_GARBAGE(to);
  list_items(3);
  clist_move(&to, &list);
  expect_ids(&to, "012");
  expect_ids(&list, "");
  clist_move(&to, &list);
  expect_ids(&to, "");
}

static void walks_visit_every_element_in_order(void) {
  struct item* item;
  cnode* node;
  void* any;
  int seen = 0;
  list_items(ITEMS);
  CLIST_WALK(item, list) EXPECT(item->id == seen++);
  EXPECT(seen == ITEMS);
  CLIST_WALK(node, list) EXPECT(((struct item*)node)->id == ITEMS - seen--);
  CLIST_WALK(any, list) seen++;
  EXPECT(seen == ITEMS);
  CLIST_FOR_EACH(struct item*, each, list) EXPECT(each->id == ITEMS - seen--);
  EXPECT(seen == 0);
  CLIST_FOR_EACH_BACKWARDS(struct item*, each, list) {
    EXPECT(each->id == ITEMS - ++seen);
  }
  EXPECT(seen == ITEMS);
}

static void walks_of_an_empty_list_visit_nothing(void) {
  struct item *item, *tmp;
  list_items(0);
  CLIST_WALK(item, list) EXPECT(0);
  CLIST_WALK_DELSAFE(item, list, tmp) EXPECT(0);
  CLIST_FOR_EACH(struct item*, each, list) EXPECT(each == NULL);
  CLIST_FOR_EACH_BACKWARDS(struct item*, each, list) EXPECT(each == NULL);
  CLIST_FOR_EACH_DELSAFE(struct item*, each, list, tmp) EXPECT(each == NULL);
}

/* An element on the heap, so that a sanitizer sees a use after free. */
static struct item* new_item(int id) {
  struct item* item = (struct item*)malloc(sizeof(*item));
  EXPECT(item != NULL);
  item->id = id;
  return item;
}

static void delsafe_walks_allow_removing_the_element(void) {
  struct item *item, *tmp;
  void* any;
  int seen = 0, i;
  list_items(0);
  for (i = 0; i < 2 * ITEMS; i++)
    clist_add_tail(&list, &new_item(i % ITEMS)->n);
  CLIST_WALK_DELSAFE(item, list, tmp) {
    EXPECT(item->id == seen++ % ITEMS);
    if (seen > ITEMS) continue;
    clist_remove(&item->n);
    memset(item, 0xA5, sizeof(*item));
    free(item);
  }
  EXPECT(seen == 2 * ITEMS);
  expect_ids(&list, "01234");
  CLIST_FOR_EACH_DELSAFE(struct item*, each, list, any) {
    clist_remove(&each->n);
    memset(each, 0xA5, sizeof(*each));
    free(each);
  }
  expect_ids(&list, "");
}

/* Random moves between two lists, compared with strings of their ids. */
static void random_moves_agree_with_the_model(void) {
  uint64_t random = test_seed(1);
  char model[2][ITEMS + 1] = {"01234", ""};
  clist lists[2];
  int step;
  list_items(ITEMS);
  clist_init(&lists[1]);
  clist_move(&lists[0], &list);
  for (step = 0; step < 20000; step++) {
    struct item* item = &items[random_below(&random, ITEMS)];
    unsigned to = random_below(&random, 2);
    char *at, digit[2] = {0, 0};
    digit[0] = (char)('0' + item->id);
    at = strchr(model[strchr(model[0], digit[0]) == NULL], digit[0]);
    memmove(at, at + 1, strlen(at));
    clist_remove(&item->n);
    if (random_below(&random, 2)) {
      clist_add_tail(&lists[to], &item->n);
      strcat(model[to], digit);
    } else {
      clist_add_head(&lists[to], &item->n);
      memmove(model[to] + 1, model[to], strlen(model[to]) + 1);
      model[to][0] = digit[0];
    }
    expect_ids(&lists[0], model[0]);
    expect_ids(&lists[1], model[1]);
  }
}

int main(void) {
  RUN(an_initialised_list_is_empty);
  RUN(there_are_no_neighbours_beyond_the_ends);
  RUN(added_nodes_are_where_they_were_inserted);
  RUN(removed_nodes_keep_their_pointers);
  RUN(unlinked_nodes_are_not_linked);
  RUN(a_list_is_inserted_in_order);
  RUN(a_moved_list_replaces_the_other);
  RUN(walks_visit_every_element_in_order);
  RUN(walks_of_an_empty_list_visit_nothing);
  RUN(delsafe_walks_allow_removing_the_element);
  RUN(random_moves_agree_with_the_model);
  return 0;
}
