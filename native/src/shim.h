/*
 * The supervising side. One process per container: init, and the exec'd ones, are its children.
 *
 *     control.c   the engine on fd 3, until the container runs       clients.c   everybody on shim.sock
 *     spawn.c     clone3, stdio, the child's reports                 proc.c      exits, from the signal to the record
 *     output.c    what processes write: to the log and clients       input.c     what clients write: to standard input
 */
#ifndef SHIM_H
#define SHIM_H

#include "child.h"
#include "frame.h"
#include "log.h"
#include "loop.h"
#include "queue.h"

#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum proc_state {
    PROC_CLONING,  /* its pid is that of a process which will clone it */
    PROC_CREATING, /* init: carries out the create program */
    PROC_CREATED,  /* init: at the barrier */
    PROC_STARTING, /* carries out the process program */
    PROC_RUNNING,
    PROC_FAILED,   /* has reported why; dead or about to be */
};

struct proc;
struct client;

struct output {
    struct watch watch;
    struct proc *proc;
    uint8_t stream; /* 1 stdout (and terminal), 2 stderr */
};

struct proc {
    struct proc *next;
    char id[EXEC_ID_MAX + 1]; /* empty: init */
    enum proc_state state;
    pid_t pid;
    int pidfd;
    uint32_t stdio;           /* STDIO_ flags */
    struct watch sync;
    struct watch input;       /* write end of standard input */
    bool input_ends;          /* to be closed as soon as nobody's data is waiting */
    struct output output[2];
    struct client *owner;     /* who asked for the exec; null once gone */
    bool exited, settled;     /* reaped; its exit record is written */
    int status;               /* of waitpid */
    struct timespec ended;
    struct timer drain;
};

enum client_role { CLIENT_IDLE, CLIENT_ATTACHED, CLIENT_EXEC, CLIENT_WAITING };

struct client {
    struct client *next;
    struct watch watch;
    struct inbox inbox;
    uint32_t input_done;  /* of a STDIN frame's body */
    struct queue queue;
    enum client_role role;
    uint32_t flags;       /* ATTACH_ flags */
    struct proc *target;  /* attached to, executed, waited for */
    bool blocked;         /* a STDIN frame waits for the target to read */
    bool ended;           /* nothing more comes from it */
    bool orphaned;        /* it hung up with input left to deliver; no longer watched */
    bool leaving;         /* to be closed once all is sent */
    bool dead;
    int64_t progress;     /* when it last took something */
};

struct shim {
    int run_dir;
    struct proc init;
    struct proc *execs;
    struct client *clients;
    struct watch listener;
    uint8_t *create;            /* body of CREATE, while it is needed */
    struct program program;     /* in it */
    const char *cgroup;         /* a directory that holds all processes of the container; null: none */
    bool own_pids;              /* the pid namespace dies with init */
    bool user_namespace;
    bool started;               /* START has come */
    bool poststart_done;        /* the hooks' process has been begun */
    bool finished;              /* init's exit record is written */
    pid_t hooks;                /* process that runs the poststart hooks, 0: none */
    uint32_t failed_hooks;
};
extern struct shim shim;

/* main.c */
void shim_exit(int code) __attribute__((noreturn));

/* control.c */
int control_open(void);
void control_created(void);
void control_started(void);
void control_failed(const struct report *report);
void control_send(enum message type, const struct payload *payload);

/* create.c */
int create_container(uint8_t *body, union field *fields);
int start_container(struct bytes program);
/* Kills and reaps what there is of a container that was not started, and exits. */
void abandon_container(void) __attribute__((noreturn));

/* spawn.c */
struct spawn {
    const struct program *program;
    const char *unified; /* cgroup v2 directory or empty */
    struct list legacy;
    int init;            /* pidfd to join, -1: a new container */
};
int proc_spawn(struct proc *proc, const struct spawn *spawn);
/* Writes /proc/PID and `file`. */
int write_proc_of(pid_t pid, const char *file, const struct text *content);
/* Nothing more will be heard from the child. */
void proc_silent(struct proc *proc);
/* Handles what the child has reported; false when nothing more is there now. */
bool proc_hear(struct proc *proc);

/* proc.c */
struct proc *proc_find(const char *id);
int children_open(void);
void proc_settle(struct proc *proc);
void proc_close(struct proc *proc);
/* Exits when nothing is left to be done; called after every event. */
void maybe_leave(void);
bool poststart_hooks_run(void);

/* cgroup.c */
void kill_container(int signal);

/* record.c */
void record_format(const struct proc *proc, struct text *text);
int record_write(const struct proc *proc);
ssize_t record_read(const char *id, char *out, size_t size);
int record_pids(void);

/* output.c */
extern struct log_stream log_streams[2];
void output_open(struct proc *proc, int index, int fd);
void output_drain(struct output *output);
void output_resume(struct proc *proc);
bool outputs_closed(const struct proc *proc);

/* input.c */
void input_open(struct proc *proc, int fd);
/* Writes a STDIN frame; false while the target does not take all of it. */
bool input_write(struct client *client);
void input_end(struct proc *proc);

/* clients.c */
int clients_open(void);
void client_read(struct client *client);
bool client_send(struct client *client, enum message type, uint8_t stream, const void *at, uint32_t length);
void client_send_payload(struct client *client, enum message type, const struct payload *payload);
void client_fail(struct client *client, int error, const char *detail);
void client_leave(struct client *client);
void client_drop(struct client *client);
/* Frees the dropped. */
void clients_bury(void);
void clients_farewell(void);

/* requests.c */
void request_handle(struct client *client);

void put_failure(struct payload *payload, uint32_t phase, const struct report *report);

#endif
