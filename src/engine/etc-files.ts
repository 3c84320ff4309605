import { readFileSync, writeFileSync } from 'node:fs';
import { containerOf } from '../containers/namespace-mode.ts';
import { hostsFile, resolvConf } from '../containers/network-files.ts';
import type { ContainerRecord } from '../containers/record.ts';
import type { MountSettings } from '../runtime/settings.ts';
import type { Engine } from './engine.ts';
import { type ContainerPaths, containerPaths } from './paths.ts';

/**
 * Writes /etc/hostname, /etc/hosts and /etc/resolv.conf of a container and says where to mount them. One that joins
 * another container's network sees that one's. Written anew at each start, never flushed: they derive from the record.
 */
export function prepareEtcFiles(engine: Engine, record: ContainerRecord, hostname: string): MountSettings[] {
  const joined = containerOf(record.hostConfig.networkMode);
  const own = containerPaths(engine.paths, record.id);
  writeFileSync(own.hostname, `${hostname}\n`);
  if (joined !== undefined) {
    const theirs = containerPaths(engine.paths, engine.containers.resolve(joined).id);
    return mountsOf(theirs, record);
  }
  const { networkMode, extraHosts } = record.hostConfig;
  writeFileSync(
    own.hosts,
    networkMode === 'host' ? hostsFile(extraHosts, read('/etc/hosts')) : hostsFile(extraHosts),
  );
  writeFileSync(own.resolvConf, resolvConf(hostResolvConf(networkMode), record.hostConfig));
  return mountsOf(own, record);
}

const STUB = /^nameserver\s+127\.0\.0\.53\s*$/m;

/** The host's resolv.conf. systemd-resolved's stub is of use only where the host's network is. */
function hostResolvConf(networkMode: string): string {
  const text = read('/etc/resolv.conf');
  if (networkMode === 'host' || !STUB.test(text)) return text;
  return read('/run/systemd/resolve/resolv.conf') || text;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function mountsOf(paths: ContainerPaths, record: ContainerRecord): MountSettings[] {
  const bind = (source: string, target: string): MountSettings => ({
    kind: 'bind',
    source,
    target,
    readonly: record.hostConfig.readonlyRootfs,
    propagation: 'rprivate',
  });
  return [
    bind(paths.resolvConf, '/etc/resolv.conf'),
    bind(paths.hostname, '/etc/hostname'),
    bind(paths.hosts, '/etc/hosts'),
  ];
}
