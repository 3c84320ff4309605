/* What belongs to a namespace but is no file: names, the loopback device, sysctls. */
#include "child.h"
#include "sys.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int op_hostname(struct child *child, const struct op *op)
{
    (void)child;
    const char *name = op->field[0].string;
    return sethostname(name, strlen(name)) < 0 ? fail_errno("sethostname ", name, NULL) : 0;
}

int op_domainname(struct child *child, const struct op *op)
{
    (void)child;
    const char *name = op->field[0].string;
    return setdomainname(name, strlen(name)) < 0 ? fail_errno("setdomainname ", name, NULL) : 0;
}

int op_loopback(struct child *child, const struct op *op)
{
    (void)child, (void)op;
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_errno("socket", NULL);
    int result = ioctl(fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (result == 0)
        result = ioctl(fd, SIOCSIFFLAGS, &request);
    int error = errno;
    close(fd);
    return result < 0 ? fail(error, "set lo up", NULL) : 0;
}

/* Through the host's procfs: what a container's /proc is made of plays no part (CVE-2025-52881). */
int op_sysctl(struct child *child, const struct op *op)
{
    const char *path = op->field[0].string, *value = op->field[1].string;
    if (child->pivoted)
        return fail(EINVAL, "a sysctl after pivotRoot", NULL);
    int sys = sys_openat2(child->proc, "sys", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (sys < 0)
        return fail_errno("open /proc/sys", NULL);
    int fd = sys_openat2(sys, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    int error = errno;
    close(sys);
    if (fd < 0)
        return fail(error, "open /proc/sys/", path, NULL);
    ssize_t written = write(fd, value, strlen(value));
    error = errno;
    close(fd);
    return written < 0 ? fail(error, "write ", value, " to /proc/sys/", path, NULL) : 0;
}
