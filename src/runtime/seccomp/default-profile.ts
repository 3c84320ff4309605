import { ALWAYS_ALLOWED } from './allowed-syscalls.ts';
import type { Conditions, Profile, ProfileArg, ProfileRule } from './profile.ts';

const AF_ALG = 38;
const AF_VSOCK = 40;
const ENOSYS = 38;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (linux/sched.h). */
const CLONE_NEW_ANY = 0x7e02_0000;

/** personality(2): what ordinary programs ask for (PER_LINUX, PER_LINUX32, with UNAME26) and the question itself. */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** What each capability opens besides the calls that are always allowed. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYSLOG: 'syslog',
  CAP_SYS_ADMIN:
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare',
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module finit_module init_module',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'ioperm iopl',
  CAP_SYS_TIME: 'clock_settime clock_settime64 settimeofday stime',
  CAP_SYS_TTY_CONFIG: 'vhangup',
};

/** What belongs to an architecture. */
const BY_ARCHITECTURE: readonly (readonly [arches: string, names: string])[] = [
  ['amd64 x32', 'arch_prctl'],
  ['amd64 x32 x86', 'modify_ldt'],
  ['arm arm64', 'arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2'],
  ['ppc64le', 'swapcontext sync_file_range2'],
  ['riscv64', 'riscv_flush_icache'],
  ['s390 s390x', 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr'],
];

/**
 * Docker's default profile (moby 29): an allow list of what programs use, that keeps out kernel interfaces with a history
 * of escapes. AF_ALG sockets are out for CVE-2026-31431, AF_VSOCK because it reaches the host, new namespaces because they
 * open most of the kernel to a container's root.
 */
export const DEFAULT_PROFILE: Profile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    allow(ALWAYS_ALLOWED),
    ...socketRules(),
    ...PERSONALITIES.map((value) => allow(['personality'], {}, [{ index: 0, value, op: 'SCMP_CMP_EQ' }])),
    // Before 4.8 ptrace(2) could step around seccomp (seccomp(2), "Caveats").
    allow(['process_vm_readv', 'process_vm_writev', 'ptrace'], { includes: { minKernel: '4.8' } }),
    ...Object.entries(BY_CAPABILITY).map(([cap, names]) =>
      allow(names.split(' '), { includes: { caps: [cap] } }),
    ),
    ...BY_ARCHITECTURE.map(([arches, names]) =>
      allow(names.split(' '), { includes: { arches: arches.split(' ') } }),
    ),
    ...cloneRules(),
  ],
};

interface When {
  readonly includes?: Conditions;
  readonly excludes?: Conditions;
}

function allow(names: readonly string[], when: When = {}, args: readonly ProfileArg[] = []): ProfileRule {
  return { names, action: 'SCMP_ACT_ALLOW', args, ...when };
}

/** Every address family but AF_ALG and AF_VSOCK; between them lies one. */
function socketRules(): ProfileRule[] {
  const family = (op: string, value: number): ProfileRule => allow(['socket'], {}, [{ index: 0, value, op }]);
  return [family('SCMP_CMP_LT', AF_ALG), family('SCMP_CMP_EQ', AF_ALG + 1), family('SCMP_CMP_GT', AF_VSOCK)];
}

/** Threads and processes, but no new namespaces. clone3(2) hides its flags in memory, so programs are sent back to clone(2). */
function cloneRules(): ProfileRule[] {
  const withoutNew = (index: number): ProfileArg[] => [
    { index, value: CLONE_NEW_ANY, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
  ];
  const s390 = ['s390', 's390x'];
  return [
    allow(['clone'], { excludes: { caps: ['CAP_SYS_ADMIN'], arches: s390 } }, withoutNew(0)),
    allow(['clone'], { includes: { arches: s390 }, excludes: { caps: ['CAP_SYS_ADMIN'] } }, withoutNew(1)),
    {
      names: ['clone3'],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: ENOSYS,
      excludes: { caps: ['CAP_SYS_ADMIN'] },
    },
  ];
}
