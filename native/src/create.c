/* CREATE and START. */
#include "shim.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *copy(const char *string)
{
    const char *made = strdup(string);
    if (!made)
        abort();
    return made;
}

/* What has to be known of the program after it was carried out. */
static struct list note_program(const struct program *program, const char **unified)
{
    struct list legacy = {0};
    struct op op;
    struct cursor cursor = program_begin(program);
    *unified = "";
    while (program_next(&cursor, &op)) {
        if (op.code == OP_CGROUP) {
            *unified = op.field[0].string;
            legacy = op.field[1].list;
            const char *any = **unified ? *unified : legacy.count > 0 ? legacy.first : NULL;
            shim.cgroup = any ? copy(any) : NULL;
        }
        if (op.code == OP_NEW_NAMESPACES && (op.field[0].number & CLONE_NEWPID))
            shim.own_pids = true;
        if (op.code == OP_USER_NAMESPACE || (op.code == OP_JOIN_NAMESPACE && op.field[0].number == CLONE_NEWUSER))
            shim.user_namespace = true;
    }
    return legacy;
}

static int open_run_dir(const char *path)
{
    shim.run_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return shim.run_dir < 0 ? fail_errno("open ", path, NULL) : 0;
}

static int configure(union field *fields)
{
    const char *run_dir = fields[0].string, *log = fields[2].string, *spill = fields[6].string;
    if (shim.create)
        return fail(EALREADY, "a second CREATE", NULL);
    if (open_run_dir(run_dir) < 0)
        return -1;
    shim.init.stdio = (uint32_t)fields[1].number;
    queue_configure(copy(spill), fields[7].number);
    if (log_open(copy(log), fields[3].number, (uint32_t)fields[4].number, copy(fields[5].string)) < 0)
        return fail_errno("open the log ", log, NULL);
    return clients_open() < 0 ? fail_errno("listen on ", run_dir, "/shim.sock", NULL) : 0;
}

int create_container(uint8_t *body, union field *fields)
{
    struct spawn spawn = {.program = &shim.program, .init = -1};
    if (configure(fields) < 0)
        return -1;
    shim.create = body;
    if (!program_open(&shim.program, fields[8].bytes, IN_CREATE))
        return fail(EBADMSG, "malformed create program", NULL);
    spawn.legacy = note_program(&shim.program, &spawn.unified);
    if (proc_spawn(&shim.init, &spawn) < 0)
        return -1;
    return shim.init.state == PROC_CREATING ? record_pids() : 0;
}

/* The create program is needed again only for the hooks of the host's namespaces. */
static void release_program(void)
{
    struct cursor cursor = program_begin(&shim.program);
    struct op op;
    while (program_next(&cursor, &op))
        if (op.code == OP_HOOK && op.field[0].number >= HOOK_POSTSTART)
            return;
    free(shim.create);
    shim.create = NULL;
    shim.program = (struct program){0};
}

static int send_all(int fd, const void *at, size_t length)
{
    while (length > 0) {
        ssize_t count = send(fd, at, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return -1;
        at = (const char *)at + count;
        length -= (size_t)count;
    }
    return 0;
}

/* The root of a user namespace may not write it. */
static int set_score(const struct program *program)
{
    char value[16];
    struct text text = TEXT(value);
    struct op op;
    if (!shim.user_namespace || !program_find(program, OP_OOM_SCORE_ADJ, &op))
        return 0;
    put_score(&text, &op);
    return write_proc_of(shim.init.pid, "/oom_score_adj", &text);
}

int start_container(struct bytes bytes)
{
    struct program program;
    if (shim.init.state != PROC_CREATED)
        return fail(EINVAL, "START of what is not created", NULL);
    if (!program_open(&program, bytes, IN_PROCESS))
        return fail(EBADMSG, "malformed process program", NULL);
    if (set_score(&program) < 0)
        return -1;
    release_program();
    shim.init.state = PROC_STARTING;
    if (send_all(shim.init.sync.fd, &bytes.length, sizeof bytes.length) < 0 ||
        send_all(shim.init.sync.fd, bytes.at, bytes.length) < 0)
        return fail_errno("hand over the process program", NULL);
    return 0;
}

void abandon_container(void)
{
    if (shim.init.pid > 0 && !shim.init.exited) {
        kill(shim.init.pid, SIGKILL);
        while (waitpid(shim.init.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (!shim.own_pids && shim.cgroup)
        kill_container(SIGKILL);
    shim_exit(1);
}
