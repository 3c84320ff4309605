/* The kernel folder's own tests where they find cgroup v2 and an older kernel; the console is the report. */
import '../../kernel/cgroup.test.ts';
import '../../kernel/bpf.test.ts';
import '../../kernel/overlay.test.ts';
import '../../kernel/processes.test.ts';
import '../../kernel/mounts.test.ts';
import '../../kernel/netlink.test.ts';
import '../../kernel/rooted.test.ts';
