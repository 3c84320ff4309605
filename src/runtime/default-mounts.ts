import type { ContainerSettings } from './settings.ts';
import type { Mount } from './spec.ts';

/** 64 MiB. */
const DEFAULT_SHM_SIZE = 64 << 20;
const CONTAINER_INIT = '/sbin/docker-init';

/** The mounts Docker gives every container, in the order they are made. */
export function defaultMounts(settings: ContainerSettings, cgroupsWritable: boolean): Mount[] {
  const sysOptions = settings.security.privileged ? [] : ['ro'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', ...sysOptions],
    },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...(cgroupsWritable ? [] : ['ro']), 'nosuid', 'noexec', 'nodev'],
    },
    {
      destination: '/dev/mqueue',
      type: 'mqueue',
      source: 'mqueue',
      options: ['nosuid', 'noexec', 'nodev'],
    },
    ...shmMounts(settings),
  ];
}

function shmMounts({ namespaces: { ipc }, shmSize }: ContainerSettings): Mount[] {
  const options = ['nosuid', 'noexec', 'nodev'];
  switch (ipc.kind) {
    case 'none':
      return [];
    case 'host':
      return [{ destination: '/dev/shm', type: 'bind', source: '/dev/shm', options: ['rbind', 'rprivate'] }];
    case 'path':
    case 'shareable':
      return [
        {
          destination: '/dev/shm',
          type: 'bind',
          source: ipc.shmPath,
          options: ['rbind', 'rprivate', ...options],
        },
      ];
    case 'private': {
      const size = `size=${shmSize || DEFAULT_SHM_SIZE}`;
      return [
        { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...options, 'mode=1777', size] },
      ];
    }
  }
}

/** How a container's command is run: through its init program where it has one and is the first process of its namespace. */
export function initWrapping(settings: ContainerSettings): { args: readonly string[]; mounts: Mount[] } {
  const { args, initPath } = settings.process;
  if (initPath === undefined || settings.namespaces.pid.kind !== 'private') return { args, mounts: [] };
  const mount = { destination: CONTAINER_INIT, type: 'bind', source: initPath, options: ['bind', 'ro'] };
  return { args: [CONTAINER_INIT, '--', ...args], mounts: [mount] };
}
