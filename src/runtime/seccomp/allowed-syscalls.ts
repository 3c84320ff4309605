/*
 * The calls every container may make, whatever its capabilities, by what they act on. Names of all architectures stand
 * together: one that an architecture lacks means nothing there.
 */

const FILES = `
access chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
fadvise64_64 fallocate fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat fstat64
fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat ioctl lchown lchown32 link linkat _llseek lseek lstat
lstat64 mknod mknodat name_to_handle_at newfstatat open openat openat2 readahead readlink readlinkat rename renameat
renameat2 stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs truncate truncate64 umask
unlink unlinkat utime utimensat utimensat_time64 utimes`;

const DIRECTORIES = 'chdir fchdir getcwd getdents getdents64 mkdir mkdirat rmdir';

const EXTENDED_ATTRIBUTES = `
fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lremovexattr
lsetxattr removexattr removexattrat setxattr setxattrat`;

const MOUNT_INSPECTION = 'listmount statmount';

const READING_AND_WRITING = `
io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit pipe pipe2 pread64 preadv preadv2
pwrite64 pwritev pwritev2 read readv sendfile sendfile64 splice tee vmsplice write writev`;

const WAITING = `
epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2
fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch _newselect poll ppoll ppoll_time64 pselect6
pselect6_time64 select`;

const MEMORY = `
brk cachestat madvise map_shadow_stack memfd_create memfd_secret mincore mlock mlock2 mlockall
mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages`;

const PROCESSES = `
capget capset execve execveat exit exit_group fork get_thread_area getpgid getpgrp getpid getppid getpriority
getrlimit getrusage getsid gettid ioprio_get ioprio_set kill membarrier pidfd_open pidfd_send_signal prctl prlimit64
process_mrelease restart_syscall rseq set_thread_area set_tid_address setpgid setpriority setrlimit setsid tgkill
times tkill ugetrlimit uretprobe vfork wait4 waitid waitpid`;

const IDENTITIES = `
getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid setregid32
setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`;

const SCHEDULING = `
getcpu sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
sched_yield`;

const SIGNALS = `
pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4 sigprocmask sigreturn`;

const FUTEXES = `
futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list set_robust_list`;

/** Reading clocks, sleeping and timers; clock_adjtime and adjtimex only read without CAP_SYS_TIME. */
const TIME = `
adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
timerfd_gettime64 timerfd_settime timerfd_settime64`;

/** socket(2) is not here: it depends on the address family. */
const NETWORK = `
accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send
sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`;

const INTERPROCESS = `
ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`;

/** A process may always tighten its own rules. */
const SELF_RESTRICTION = 'landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp';

const SYSTEM = 'getrandom riscv_hwprobe sysinfo uname';

export const ALWAYS_ALLOWED: readonly string[] = [
  FILES,
  DIRECTORIES,
  EXTENDED_ATTRIBUTES,
  MOUNT_INSPECTION,
  READING_AND_WRITING,
  WAITING,
  MEMORY,
  PROCESSES,
  IDENTITIES,
  SCHEDULING,
  SIGNALS,
  FUTEXES,
  TIME,
  NETWORK,
  INTERPROCESS,
  SELF_RESTRICTION,
  SYSTEM,
].flatMap((group) => group.trim().split(/\s+/));
