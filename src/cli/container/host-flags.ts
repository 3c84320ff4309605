import { list, listOf, map } from '../flags/lists.ts';
import { bool, bytes, string } from '../flags/scalars.ts';
import { checkCgroupRule, parseGpus } from './devices.ts';
import { parseMount } from './mount.ts';
import { checkSysctl } from './security.ts';

const files = { section: 'Files:' };
const security = { section: 'Isolation and security:' };
const devices = { section: 'Devices:' };

/** Files, devices, privileges and namespaces. */
export const HOST_FLAGS = {
  mount: listOf('Mount something: type=bind,source=…,target=… (or volume, tmpfs, image)', parseMount, {
    ...files,
    kind: 'mount',
  }),
  readOnly: bool('Make the root filesystem read-only', files),
  shmSize: bytes('Size of /dev/shm', files),
  storageOpt: list('Option of the storage driver: KEY=VALUE', files),
  tmpfs: list('Mount a tmpfs: PATH[:OPTIONS]', files),
  useApiSocket: bool('Give the container access to the daemon', { ...files, hidden: true }),
  volume: list('Mount a directory or volume: [SOURCE:]PATH[:OPTIONS]', { ...files, short: 'v' }),
  volumeDriver: string('Driver for volumes made on the way', '', files),
  volumesFrom: list("Mount another container's volumes", files),

  capAdd: list('Add a capability', security),
  capDrop: list('Drop a capability', security),
  cgroupParent: string("Parent of the container's cgroup", '', security),
  cgroupns: string('Cgroup namespace: host or private', '', security),
  groupAdd: list('Add a supplementary group', security),
  ipc: string('IPC namespace: none, private, shareable, host or container:NAME', '', security),
  isolation: string('Isolation technology; on Linux only default', '', security),
  pid: string('PID namespace: host or container:NAME', '', security),
  privileged: bool('Lift all confinement', security),
  runtime: string('OCI runtime', '', security),
  securityOpt: list(
    'seccomp=FILE, apparmor=PROFILE, no-new-privileges, label=…, systempaths=unconfined',
    security,
  ),
  sysctl: map('Kernel parameter of the namespaces: NAME=VALUE', security, checkSysctl),
  userns: string('User namespace: host', '', security),
  uts: string('UTS namespace: host', '', security),

  device: list('Pass a device: PATH[:PATH_INSIDE][:rwm], or a CDI name', devices),
  deviceCgroupRule: list('Allow devices: "c MAJOR:MINOR rwm"', devices, checkCgroupRule),
  gpus: listOf("Pass GPUs: 'all', a number, or device=…", parseGpus, { ...devices, kind: 'gpu-request' }),
};
