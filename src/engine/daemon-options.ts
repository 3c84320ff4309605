/**
 * Every option of `gantryd`, once: its daemon.json key (dockerd's), its flag when that differs, and its type. Options
 * that mean nothing to Gantry are taken, so that whatever starts a dockerd can start a gantryd, and named in the debug log.
 */
export type OptionType = 'string' | 'bool' | 'int' | 'size' | 'list' | 'map' | 'object';

export interface OptionSpec {
  readonly key: string;
  /** Long flag without `--` when it is not the key itself. */
  readonly flag?: string;
  /** One-letter flag. */
  readonly short?: string;
  readonly type: OptionType;
  /** Accepted, without effect; the reason is what the debug log says. */
  readonly ignored?: string;
  readonly help: string;
}

const NO_CONTAINERD = 'Gantry has no containerd behind it';

export const OPTIONS: readonly OptionSpec[] = [
  {
    key: 'hosts',
    flag: 'host',
    short: 'H',
    type: 'list',
    help: 'Socket to listen on: unix://PATH or tcp://HOST:PORT',
  },
  { key: 'data-root', type: 'string', help: 'Where images and containers are kept' },
  { key: 'exec-root', type: 'string', help: 'Where the state of running containers is kept' },
  { key: 'pidfile', short: 'p', type: 'string', help: 'File to write the process id to' },
  { key: 'group', short: 'G', type: 'string', help: 'Group that owns the unix socket' },
  { key: 'debug', short: 'D', type: 'bool', help: 'Log what happens inside' },
  { key: 'log-level', short: 'l', type: 'string', help: 'debug, info, warn or error' },
  {
    key: 'registry-mirrors',
    flag: 'registry-mirror',
    type: 'list',
    help: 'Mirror to try first: URL for Docker Hub, DOMAIN=URL for any registry',
  },
  {
    key: 'insecure-registries',
    flag: 'insecure-registry',
    type: 'list',
    help: 'Registry (or CIDR) that may be spoken to without verified TLS',
  },
  { key: 'max-concurrent-downloads', type: 'int', help: 'Layers fetched at a time' },
  { key: 'max-download-attempts', type: 'int', help: 'Times a broken download is taken up again' },
  { key: 'default-shm-size', type: 'size', help: 'Size of /dev/shm' },
  {
    key: 'default-ulimits',
    flag: 'default-ulimit',
    type: 'object',
    help: 'Limits of every container (name=soft:hard)',
  },
  { key: 'cgroup-parent', type: 'string', help: 'Cgroup below which containers live' },
  { key: 'labels', flag: 'label', type: 'list', help: 'Label of this daemon (key=value)' },
  { key: 'no-new-privileges', type: 'bool', help: 'Set no-new-privileges for every container' },
  {
    key: 'seccomp-profile',
    type: 'string',
    help: 'Seccomp profile for every container: a path, builtin or unconfined',
  },
  { key: 'init', type: 'bool', help: 'Run an init in every container' },
  { key: 'log-driver', type: 'string', help: 'Log driver of containers that name none' },
  { key: 'log-opts', flag: 'log-opt', type: 'map', help: 'Options of that log driver (key=value)' },
  {
    key: 'shutdown-timeout',
    type: 'int',
    ignored: 'containers outlive the daemon',
    help: 'Without effect: containers outlive the daemon',
  },
  { key: 'live-restore', type: 'bool', ignored: 'always on', help: 'Without effect: always on' },
  { key: 'bridge', short: 'b', type: 'string', help: 'Bridge of the default network, or none' },
  { key: 'bip', type: 'string', help: 'Address and prefix of the default bridge' },
  { key: 'iptables', type: 'bool', help: 'Let the daemon set firewall rules' },
  { key: 'ip6tables', type: 'bool', help: 'Let the daemon set IPv6 firewall rules' },
  { key: 'ip-forward', type: 'bool', help: 'Let the daemon switch forwarding on' },
  { key: 'ip-masq', type: 'bool', help: 'Let the daemon masquerade' },
  { key: 'containerd', type: 'string', ignored: NO_CONTAINERD, help: 'Without effect' },
  { key: 'containerd-namespace', type: 'string', ignored: NO_CONTAINERD, help: 'Without effect' },
  { key: 'containerd-plugins-namespace', type: 'string', ignored: NO_CONTAINERD, help: 'Without effect' },
  {
    key: 'storage-driver',
    short: 's',
    type: 'string',
    help: 'overlay2 (or overlay), or copy where overlay cannot be had',
  },
  {
    key: 'userland-proxy',
    type: 'bool',
    ignored: 'Gantry has no userland proxy process',
    help: 'Without effect',
  },
  {
    key: 'userland-proxy-path',
    type: 'string',
    ignored: 'Gantry has no userland proxy process',
    help: 'Without effect',
  },
  {
    key: 'exec-opts',
    flag: 'exec-opt',
    type: 'list',
    ignored: 'cgroups are always driven directly',
    help: 'Without effect',
  },
];

/** Flags that are not configuration. */
export const COMMAND_FLAGS: readonly OptionSpec[] = [
  { key: 'config-file', type: 'string', help: 'Configuration file (default /etc/gantry/daemon.json)' },
  { key: 'validate', type: 'bool', help: 'Check the configuration and exit' },
  { key: 'version', short: 'v', type: 'bool', help: 'Print the version and exit' },
  { key: 'help', short: 'h', type: 'bool', help: 'Print this help and exit' },
];
