/* Files in the run directory that outlive the shim. Written aside and renamed: whoever sees one sees all of it. */
#include "shim.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

void record_format(const struct proc *proc, struct text *text)
{
    int signal = WIFSIGNALED(proc->status) ? WTERMSIG(proc->status) : 0;
    text_add(text, "{\"pid\":");
    text_number(text, (uint64_t)proc->pid);
    text_add(text, ",\"exitCode\":");
    text_number(text, (uint64_t)(signal ? 128 + signal : WEXITSTATUS(proc->status)));
    text_add(text, ",\"signal\":");
    text_number(text, (uint64_t)signal);
    text_add(text, ",\"finishedAt\":\"");
    text_time(text, &proc->ended);
    text_add(text, "\",\"lostLogLines\":");
    text_number(text, proc == &shim.init ? log_lost() : 0);
    text_add(text, ",\"failedHooks\":");
    text_number(text, proc == &shim.init ? shim.failed_hooks : 0);
    text_add(text, "}\n");
}

static void record_name(char *name, size_t size, const char *id)
{
    struct text text = {name, size, 0};
    text_add(&text, *id ? "exec-" : "");
    text_add(&text, id);
    text_add(&text, *id ? ".exit" : "exit");
}

static int write_file(const char *name, const struct text *content)
{
    char aside[EXEC_ID_MAX + 32];
    struct text text = TEXT(aside);
    text_add(&text, name);
    text_add(&text, ".new");
    int fd = openat(shim.run_dir, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, content->at, content->length);
    close(fd);
    if (written == (ssize_t)content->length)
        return renameat(shim.run_dir, aside, shim.run_dir, name);
    unlinkat(shim.run_dir, aside, 0);
    return -1;
}

int record_write(const struct proc *proc)
{
    char record[512], name[EXEC_ID_MAX + 16];
    struct text text = TEXT(record);
    record_format(proc, &text);
    record_name(name, sizeof name, proc->id);
    return write_file(name, &text);
}

ssize_t record_read(const char *id, char *out, size_t size)
{
    char name[EXEC_ID_MAX + 16];
    record_name(name, sizeof name, id);
    int fd = openat(shim.run_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, out, size);
    if (fd >= 0)
        close(fd);
    return length;
}

/* Start time in clock ticks since boot: field 22 of /proc/PID/stat; the name before it may hold anything but its end. */
static uint64_t start_time(pid_t pid)
{
    char path[32], stat[1024];
    struct text text = TEXT(path);
    text_add(&text, "/proc/");
    text_number(&text, (uint64_t)pid);
    text_add(&text, "/stat");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, stat, sizeof stat - 1);
    if (fd >= 0)
        close(fd);
    stat[length > 0 ? length : 0] = 0;
    const char *at = strrchr(stat, ')');
    for (int field = 2; at && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    int64_t ticks = at ? parse_number(at + 1) : -1;
    return ticks < 0 ? 0 : (uint64_t)ticks;
}

/* "SHIM-PID START INIT-PID START": a pid means the same process only as long as its start time does. */
int record_pids(void)
{
    char line[128];
    struct text text = TEXT(line);
    const pid_t pids[] = {getpid(), shim.init.pid};
    for (int i = 0; i < 2; i++) {
        text_number(&text, (uint64_t)pids[i]);
        text_add(&text, " ");
        text_number(&text, start_time(pids[i]));
        text_add(&text, i == 0 ? " " : "\n");
    }
    return write_file("init.pid", &text) < 0 ? fail_errno("write init.pid", NULL) : 0;
}
