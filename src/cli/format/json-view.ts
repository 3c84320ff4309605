import { exactJson } from '../../formats/exact-json.ts';
import { GoStruct, NIL_POINTER } from '../../formats/go-value.ts';

/** Fields of the API whose objects are maps; all other objects are structs. */
const MAPS: ReadonlySet<string> = new Set([
  'Annotations',
  'Attributes',
  'AuxiliaryAddresses',
  'Containers',
  'Data',
  'Details',
  'DriverOpts',
  'ExposedPorts',
  'IndexConfigs',
  'Labels',
  'Networks',
  'Options',
  'PortBindings',
  'Ports',
  'Runtimes',
  'Services',
  'Status',
  'StorageOpt',
  'Sysctls',
  'Tmpfs',
  'Volumes',
  'annotations',
]);

/** Fields that are pointers, whose null is no empty list. */
const POINTERS: ReadonlySet<string> = new Set([
  'BindOptions',
  'Config',
  'Containerd',
  'Descriptor',
  'DriverConfig',
  'FirewallBackend',
  'Health',
  'Healthcheck',
  'IPAMConfig',
  'ImageOptions',
  'Init',
  'MemorySwappiness',
  'OomKillDisable',
  'PidsLimit',
  'RegistryConfig',
  'StopTimeout',
  'TmpfsOptions',
  'UsageData',
  'VolumeOptions',
  'platform',
]);

/** Go's names of fields that JSON spells otherwise. */
const GO_NAMES: Readonly<Record<string, string>> = {
  Id: 'ID',
  CpuPeriod: 'CPUPeriod',
  CpuQuota: 'CPUQuota',
  CpuRealtimePeriod: 'CPURealtimePeriod',
  CpuRealtimeRuntime: 'CPURealtimeRuntime',
  CpuShares: 'CPUShares',
  CpuCount: 'CPUCount',
  CpuPercent: 'CPUPercent',
  NanoCpus: 'NanoCPUs',
  Dns: 'DNS',
  DnsOptions: 'DNSOptions',
  DnsSearch: 'DNSSearch',
  HostIp: 'HostIP',
};

/** Fields that JSON leaves out when empty but Go's structs still have, by the field that holds the struct. */
const ABSENT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  State: { Health: NIL_POINTER },
  Container: { SizeRw: NIL_POINTER, SizeRootFs: NIL_POINTER },
  Config: {
    ExposedPorts: {},
    Healthcheck: NIL_POINTER,
    StopSignal: '',
    StopTimeout: NIL_POINTER,
    Shell: [],
    MacAddress: '',
    ArgsEscaped: false,
    NetworkDisabled: false,
  },
  HostConfig: { Mounts: [], Tmpfs: {}, Sysctls: {}, Annotations: {}, StorageOpt: {}, Init: NIL_POINTER },
  Mounts: { Name: '', Driver: '' },
};

/**
 * JSON of the API as the Go value it came from, so far as templates can tell: objects become structs (in the JSON's
 * order, under Go's names) or maps, empty maps and lists print as such rather than as nil.
 */
export function asView(value: unknown, field: string): unknown {
  if (value === null) {
    if (MAPS.has(field)) return {};
    return POINTERS.has(field) ? NIL_POINTER : [];
  }
  if (Array.isArray(value)) return value.map((item) => asView(item, field));
  if (typeof value !== 'object') return value;
  // The log driver's options are called Config too, but all their values are text.
  const isMap =
    MAPS.has(field) || (field === 'Config' && Object.values(value).every((item) => typeof item === 'string'));
  const entries = Object.entries(value).map(([key, item]) => [key, asView(item, isMap ? '' : key)] as const);
  if (isMap) return Object.fromEntries(entries);
  const members = entries.map(([key, item]) => [GO_NAMES[key] ?? key, item] as const);
  return new GoStruct('struct', { ...ABSENT[field], ...Object.fromEntries(members) }, () => exactJson(value));
}
