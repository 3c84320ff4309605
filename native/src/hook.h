/* Programs that the OCI spec lets run around a container's life (config.md, "POSIX-platform Hooks"). */
#ifndef HOOK_H
#define HOOK_H

#include "program.h"

#include <sys/types.h>

/*
 * Runs a HOOK operation with `pid` in its state and waits for it. -1 after fail() when it cannot be run, fails, outlives
 * its time, or `watch` (-1: none) reaches end of file; it is dead then.
 */
int hook_run(const struct op *op, pid_t pid, int watch);

#endif
