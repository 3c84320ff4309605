#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int epoll = -1;
static struct timer *timers;

int loop_open(void)
{
    epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll;
}

int64_t loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int next_timeout(void)
{
    int64_t first = INT64_MAX;
    for (struct timer *timer = timers; timer; timer = timer->next)
        first = timer->at < first ? timer->at : first;
    if (first == INT64_MAX)
        return -1;
    int64_t left = first - loop_now();
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void fire_timers(void)
{
    int64_t now = loop_now();
    for (struct timer *timer = timers; timer; timer = timer->next) {
        if (timer->at > now)
            continue;
        timer_stop(timer);
        timer->fire(timer);
        return; /* the list may have changed; the rest is due in the next round */
    }
}

/* One event at a time: a handler may free whatever the next event would have been about. */
void loop_run(void (*after)(void))
{
    struct epoll_event event;
    for (;;) {
        int count = epoll_wait(epoll, &event, 1, next_timeout());
        if (count < 0 && errno != EINTR)
            return;
        if (count == 1) {
            struct watch *watch = event.data.ptr;
            watch->ready(watch, event.events);
        }
        if (timers)
            fire_timers();
        after();
    }
}

int watch_start(struct watch *watch, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t))
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    *watch = (struct watch){fd, events, ready};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void watch_change(struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (watch->fd < 0 || watch->events == events)
        return;
    watch->events = events;
    epoll_ctl(epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

int watch_release(struct watch *watch)
{
    int fd = watch->fd;
    if (fd >= 0)
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    watch->fd = -1;
    return fd;
}

void watch_close(struct watch *watch)
{
    int fd = watch_release(watch);
    if (fd >= 0)
        close(fd);
}

void timer_start(struct timer *timer, int64_t in_ms, void (*fire)(struct timer *))
{
    timer_stop(timer);
    timer->at = loop_now() + in_ms;
    timer->fire = fire;
    timer->armed = 1;
    timer->next = timers;
    timers = timer;
}

void timer_stop(struct timer *timer)
{
    if (!timer->armed)
        return;
    for (struct timer **link = &timers; *link; link = &(*link)->next) {
        if (*link == timer) {
            *link = timer->next;
            break;
        }
    }
    timer->armed = 0;
}
