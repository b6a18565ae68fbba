/*
 * Buffers go from a producer to a consumer and back through two queues with mutex and condition variable. Both
 * threads touch the same buffers without a lock, but never without the handover in between.
 */
#include <string.h>

#include "stage.h"

enum { DEPTH = 8, CELLS = 32 };

struct buffer {
    uint64_t cells[CELLS];
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty;
    struct buffer *waiting[DEPTH];
    unsigned count;
    int closed;
};

static struct queue filled = {.lock = PTHREAD_MUTEX_INITIALIZER, .not_empty = PTHREAD_COND_INITIALIZER};
static struct queue emptied = {.lock = PTHREAD_MUTEX_INITIALIZER, .not_empty = PTHREAD_COND_INITIALIZER};

/* There are no more than DEPTH buffers, so there is always room. */
static void put(struct queue *queue, struct buffer *buffer) {
    pthread_mutex_lock(&queue->lock);
    queue->waiting[queue->count++] = buffer;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

/* NULL once the queue is closed and empty. */
static struct buffer *take(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed) pthread_cond_wait(&queue->not_empty, &queue->lock);
    struct buffer *buffer = queue->count > 0 ? queue->waiting[--queue->count] : NULL;
    pthread_mutex_unlock(&queue->lock);
    return buffer;
}

static void close_queue(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->closed = 1;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->lock);
}

STAGE_OPAQUE static void fill(struct buffer *buffer, uint64_t turn) {
    for (int i = 0; i < CELLS; i++) buffer->cells[i] += turn + (uint64_t)i;
}

STAGE_OPAQUE static uint64_t consume(struct buffer *buffer) {
    uint64_t sum = 0;
    for (int i = 0; i < CELLS; i++) sum ^= buffer->cells[i];
    memset(buffer, 0, sizeof *buffer);
    return sum;
}

static uint64_t producer(void) {
    uint64_t operations = 0;
    for (; !stage_over(); operations++) {
        struct buffer *buffer = take(&emptied);
        fill(buffer, operations);
        put(&filled, buffer);
        stage_work(1000);
    }
    close_queue(&filled);
    return operations;
}

static uint64_t consumer(void) {
    uint64_t operations = 0;
    for (struct buffer *buffer; (buffer = take(&filled)) != NULL; operations++) {
        stage_work((unsigned)(consume(buffer) & 255));
        put(&emptied, buffer);
    }
    return operations;
}

int main(int argc, char **argv) {
    static stage_role *const roles[] = {producer, consumer, NULL};
    static struct buffer buffers[DEPTH];
    for (int i = 0; i < DEPTH; i++) put(&emptied, &buffers[i]);
    return stage_play(argc, argv, roles);
}
