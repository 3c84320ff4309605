import {
  flag,
  integer,
  limit,
  list,
  oneOf,
  type Reader,
  struct,
  text,
  textMap,
  unsigned64,
} from './readers.ts';
import {
  type BlockIo,
  type CpuResources,
  type Linux,
  type MemoryResources,
  NAMESPACE_TYPES,
  type Resources,
  type Seccomp,
} from './spec.ts';

const number32 = integer(0, 2 ** 32 - 1);
const mapping = struct({ containerID: number32, hostID: number32, size: number32 }, {});
const deviceNumber = integer(-1, 2 ** 32 - 1);
const weight = integer(0, 1000);

const memory: Reader<MemoryResources> = struct(
  {},
  {
    limit,
    reservation: limit,
    swap: limit,
    kernel: limit,
    kernelTCP: limit,
    swappiness: integer(0, 100),
    disableOOMKiller: flag,
    useHierarchy: flag,
  },
);

const cpu: Reader<CpuResources> = struct(
  {},
  {
    shares: integer(0),
    quota: limit,
    burst: integer(0),
    period: integer(0),
    realtimeRuntime: limit,
    realtimePeriod: integer(0),
    cpus: text,
    mems: text,
    idle: integer(0, 1),
  },
);

const rates = list(struct({ major: deviceNumber, minor: deviceNumber, rate: integer(0) }, {}));

const blockIO: Reader<BlockIo> = struct(
  {},
  {
    weight,
    leafWeight: weight,
    weightDevice: list(struct({ major: deviceNumber, minor: deviceNumber }, { weight, leafWeight: weight })),
    throttleReadBpsDevice: rates,
    throttleWriteBpsDevice: rates,
    throttleReadIOPSDevice: rates,
    throttleWriteIOPSDevice: rates,
  },
);

const resources: Reader<Resources> = struct(
  {},
  {
    devices: list(
      struct(
        { allow: flag },
        { type: oneOf('a', 'c', 'b'), major: deviceNumber, minor: deviceNumber, access: text },
      ),
    ),
    memory,
    cpu,
    pids: struct({ limit }, {}),
    blockIO,
    hugepageLimits: list(struct({ pageSize: text, limit: integer(0) }, {})),
    network: struct(
      {},
      { classID: number32, priorities: list(struct({ name: text, priority: number32 }, {})) },
    ),
    unified: textMap,
  },
);

const seccomp: Reader<Seccomp> = struct(
  { defaultAction: text },
  {
    defaultErrnoRet: integer(0, 4095),
    architectures: list(text),
    flags: list(text),
    syscalls: list(
      struct(
        { names: list(text), action: text },
        {
          errnoRet: integer(0, 4095),
          args: list(struct({ index: integer(0, 5), value: unsigned64, op: text }, { valueTwo: unsigned64 })),
        },
      ),
    ),
  },
);

/** Reads `linux` of config.json. */
export const readLinux: Reader<Linux> = struct(
  {},
  {
    namespaces: list(struct({ type: oneOf(...NAMESPACE_TYPES) }, { path: text })),
    uidMappings: list(mapping),
    gidMappings: list(mapping),
    devices: list(
      struct(
        { type: oneOf('c', 'b', 'u', 'p'), path: text },
        {
          major: deviceNumber,
          minor: deviceNumber,
          fileMode: integer(0, 0o7777777),
          uid: number32,
          gid: number32,
        },
      ),
    ),
    cgroupsPath: text,
    resources,
    rootfsPropagation: text,
    seccomp,
    sysctl: textMap,
    maskedPaths: list(text),
    readonlyPaths: list(text),
    mountLabel: text,
  },
);
