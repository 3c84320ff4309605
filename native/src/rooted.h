/*
 * Paths inside the container's root: resolved by openat2 with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS and used by file
 * descriptor only, so that nothing a container changes meanwhile can lead an operation out of the root.
 */
#ifndef ROOTED_H
#define ROOTED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum node_kind { NODE_DIR, NODE_FILE };

/* Opens an existing path; `resolve` adds RESOLVE_ flags. */
int rooted_open(int root, const char *path, uint64_t flags, uint64_t resolve);

/*
 * O_PATH descriptor of `path`, made as a directory or an empty file if it is missing, parents too. Symlinks are followed
 * inside the root, dangling ones as well, unless `strict`: then they, and other mounts on the way, are refused.
 */
int rooted_make(int root, const char *path, enum node_kind kind, mode_t mode, bool strict, bool *made);

/* Descriptor of the directory that holds the last component of `path`, and that component; parents are made. */
int rooted_parent(int root, const char *path, const char **name);

#endif
