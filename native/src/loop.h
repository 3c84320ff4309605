/* One epoll instance and a few timers. A watch lives inside what it watches for; handlers find it with container_of. */
#ifndef LOOP_H
#define LOOP_H

#include <stddef.h>
#include <stdint.h>

#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

struct watch {
    int fd; /* -1: nothing is watched */
    uint32_t events;
    void (*ready)(struct watch *watch, uint32_t events);
};

struct timer {
    int64_t at; /* CLOCK_MONOTONIC in ms */
    void (*fire)(struct timer *timer);
    struct timer *next;
    int armed;
};

int loop_open(void);
/* Runs as long as the process; `after` is called after each event. */
void loop_run(void (*after)(void));

int watch_start(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t));
void watch_change(struct watch *watch, uint32_t events);
/* Stops watching without closing; the descriptor is returned. */
int watch_release(struct watch *watch);
/* Stops watching and closes; harmless when nothing is watched. */
void watch_close(struct watch *watch);

int64_t loop_now(void);
void timer_start(struct timer *timer, int64_t in_ms, void (*fire)(struct timer *));
void timer_stop(struct timer *timer);

#endif
