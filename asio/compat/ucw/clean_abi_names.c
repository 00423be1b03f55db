/* A program's own functions with the same names as libucw's. */

static int calls;

void asio_init_queue(void);
void asio_submit(void);
void work_submit(void);
void work_queue_init(void);
void raw_queue_put(void);
void worker_pool_init(void);
int calls_of_own_names(void);

void asio_init_queue(void) { calls++; }
void asio_submit(void) { calls++; }
void work_submit(void) { calls++; }
void work_queue_init(void) { calls++; }
void raw_queue_put(void) { calls++; }
void worker_pool_init(void) { calls++; }
int calls_of_own_names(void) { return calls; }
