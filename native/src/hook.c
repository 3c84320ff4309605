#include "hook.h"
#include "child.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* Memory files instead of pipes: neither side can block the other. */
static int state_file(const struct op *op, pid_t pid)
{
    char digits[24];
    struct text text = TEXT(digits);
    const char *before = op->field[5].string, *after = op->field[6].string;
    text_number(&text, (uint64_t)pid);
    int fd = memfd_create("state", MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (write(fd, before, strlen(before)) < 0 || write(fd, digits, text.length) < 0 ||
        write(fd, after, strlen(after)) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static char **strings(struct list list)
{
    char **array = calloc(list.count + 1, sizeof *array);
    const char *string = list.first;
    for (uint32_t i = 0; array && i < list.count; i++, string = list_next(string))
        array[i] = (char *)string;
    return array;
}

static _Noreturn void hook_main(const struct op *op, int state, int output)
{
    sigset_t none;
    char **argv = strings(op->field[2].list), **env = strings(op->field[3].list);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    umask(022);
    dup2(state, 0);
    dup2(output, 1);
    dup2(output, 2);
    sys_close_range(3, ~0U, 0);
    if (argv && env)
        execve(op->field[1].string, argv, env);
    _exit(errno == ENOENT ? 127 : 126);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True when the hook ended by itself; otherwise errno says why not. */
static bool await_end(int pidfd, int watch, uint64_t timeout)
{
    struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = watch, .events = POLLRDHUP}};
    int64_t deadline = now_ms() + (int64_t)timeout;
    for (;;) {
        int64_t left = timeout == 0 ? -1 : deadline - now_ms();
        int ready = poll(fds, watch < 0 ? 1 : 2, left < -1 ? 0 : (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        if (fds[0].revents)
            return true;
        errno = ready == 0 ? ETIMEDOUT : ECANCELED;
        return false;
    }
}

static int fail_with_output(const char *path, int status, int output)
{
    char number[16], tail[300];
    struct text text = TEXT(number);
    text_number(&text, (uint64_t)(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)));
    off_t size = lseek(output, 0, SEEK_END);
    off_t from = size > (off_t)sizeof tail - 1 ? size - ((off_t)sizeof tail - 1) : 0;
    ssize_t length = pread(output, tail, sizeof tail - 1, from);
    tail[length > 0 ? length : 0] = 0;
    return fail(ECHILD, "hook ", path, WIFEXITED(status) ? ": exit status " : ": signal ", number, *tail ? ": " : "",
                tail, NULL);
}

static int await_hook(const struct op *op, pid_t pid, int pidfd, int watch, int output)
{
    int status = 0;
    bool ended = await_end(pidfd, watch, op->field[4].number);
    int error = errno;
    if (!ended)
        kill(-pid, SIGKILL); /* its whole process group: it leads a session */
    if (!ended)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        return fail(error, "hook ", op->field[1].string, error == ETIMEDOUT ? ": took too long" : ": cancelled", NULL);
    return status == 0 ? 0 : fail_with_output(op->field[1].string, status, output);
}

int hook_run(const struct op *op, pid_t pid, int watch)
{
    int pidfd = -1, result = -1;
    int state = state_file(op, pid), output = memfd_create("output", MFD_CLOEXEC);
    struct clone_request request = {
        .flags = CLONE_PIDFD_FLAG, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    if (state < 0 || output < 0) {
        fail_errno("memfd_create", NULL);
    } else {
        pid_t hook = sys_clone3(&request);
        if (hook == 0)
            hook_main(op, state, output);
        result = hook < 0 ? fail_errno("clone", NULL) : await_hook(op, hook, pidfd, watch, output);
    }
    if (pidfd >= 0)
        close(pidfd);
    if (state >= 0)
        close(state);
    if (output >= 0)
        close(output);
    return result;
}

/* The pid the host knows this process by. */
static pid_t own_pid(const struct child *child)
{
    char digits[24];
    ssize_t length = readlinkat(child->proc, "self", digits, sizeof digits - 1);
    digits[length > 0 ? length : 0] = 0;
    return (pid_t)parse_number(digits);
}

/* Those of the host's namespaces are run by the shim. */
int op_hook(struct child *child, const struct op *op)
{
    switch (op->field[0].number) {
    case HOOK_CREATE_RUNTIME:
        child_report(child, REPORT_HOOK, -1);
        return child_await(child);
    case HOOK_CREATE_CONTAINER:
    case HOOK_START_CONTAINER:
        return hook_run(op, own_pid(child), -1);
    default:
        return 0;
    }
}
