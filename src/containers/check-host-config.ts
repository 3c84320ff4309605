import { isIP } from 'node:net';
import { EngineError } from '../base/errors.ts';
import { type CheckedLog, checkLogConfig } from './check-log.ts';
import type { ContainerConfigInput } from './config.ts';
import type { HostConfig } from './host-config.ts';
import { containerOf, type NetworkMode, parseNetworkMode } from './namespace-mode.ts';

const IPC_MODES = ['', 'none', 'private', 'shareable', 'host'];

/** What checking found out on the way. */
export interface CheckedHostConfig {
  readonly network: NetworkMode;
  readonly log: CheckedLog;
  /** Texts for the answer's Warnings. */
  readonly warnings: readonly string[];
}

/** Checks the host part of a request against itself and the config as typed. Throws `invalid` in Docker's words. */
export function checkHostConfig(config: ContainerConfigInput, host: HostConfig): CheckedHostConfig {
  const network = parseNetworkMode(host.networkMode);
  checkNetworkConflicts(network, config, host);
  checkNamespaces(config, host);
  checkRestart(host);
  checkAddresses(host);
  if (host.shmSize < 0) throw invalid('SHM size can not be less than 0');
  if (host.oomScoreAdj < -1000 || host.oomScoreAdj > 1000) {
    throw invalid(`Invalid value ${host.oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  return { network, log: checkLogConfig(host.logConfig), warnings: warningsOf(network, host) };
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}

function checkNetworkConflicts(network: NetworkMode, config: ContainerConfigInput, host: HostConfig): void {
  const joins = network.kind === 'container';
  const conflicts: readonly [boolean, string][] = [
    [joins && Boolean(config.hostname), 'hostname and the network mode'],
    [joins && host.dns.length > 0, 'dns and the network mode'],
    [joins && host.extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [(joins || network.kind === 'host') && Boolean(config.macAddress), 'mac-address and the network mode'],
    [joins && publishes(host), 'port publishing and the container type network mode'],
    [joins && (config.exposedPorts ?? []).length > 0, 'port exposing and the container type network mode'],
    [host.utsMode === 'host' && Boolean(config.hostname), 'hostname and the UTS mode'],
  ];
  const found = conflicts.find(([holds]) => holds);
  if (found) throw invalid(`conflicting options: ${found[1]}`);
  if (network.kind === 'none' && config.macAddress) {
    throw invalid('Config.MacAddress: network mode none has no interface to give it to');
  }
}

function publishes(host: HostConfig): boolean {
  return Object.keys(host.portBindings).length > 0 || host.publishAllPorts;
}

function checkNamespaces(config: ContainerConfigInput, host: HostConfig): void {
  if (host.utsMode !== '' && host.utsMode !== 'host') throw invalid(`invalid UTS mode: ${host.utsMode}`);
  if (host.usernsMode !== '' && host.usernsMode !== 'host')
    throw invalid(`invalid userns mode: ${host.usernsMode}`);
  if (!['', 'private', 'host'].includes(host.cgroupnsMode)) {
    throw invalid(`invalid cgroup namespace mode: ${host.cgroupnsMode}`);
  }
  if (containerOf(host.ipcMode) === undefined && !IPC_MODES.includes(host.ipcMode)) {
    throw invalid(`invalid IPC mode: ${host.ipcMode}`);
  }
  if (containerOf(host.pidMode) === undefined && host.pidMode !== '' && host.pidMode !== 'host') {
    throw invalid(`invalid PID mode: ${host.pidMode}`);
  }
  if (host.utsMode === 'host' && config.domainname)
    throw invalid('conflicting options: domainname and the UTS mode');
}

function checkRestart({ restartPolicy, autoRemove }: HostConfig): void {
  const { name, maximumRetryCount } = restartPolicy;
  if (autoRemove && name !== 'no') throw invalid("can't create 'AutoRemove' container with restart policy");
  if (name !== 'on-failure' && maximumRetryCount !== 0) {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (maximumRetryCount < 0) {
    throw invalid('invalid restart policy: maximum retry count cannot be negative');
  }
}

function checkAddresses(host: HostConfig): void {
  for (const address of host.dns) {
    if (isIP(address) === 0) throw invalid(`invalid IP address in HostConfig.Dns: ${address}`);
  }
  for (const entry of host.extraHosts) {
    const { name, address } = splitExtraHost(entry);
    if (name === '' || address === '') throw invalid(`bad format for add-host: ${JSON.stringify(entry)}`);
    if (address === HOST_GATEWAY)
      throw invalid('unable to derive the IP value for host-gateway: there is no bridge');
    if (isIP(address) === 0) throw invalid(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  }
}

/** Docker's word for the host's address on the bridge. */
const HOST_GATEWAY = 'host-gateway';

/** `NAME:ADDRESS` (or `NAME=ADDRESS`), the address perhaps in brackets. */
export function splitExtraHost(entry: string): { name: string; address: string } {
  const at = entry.search(/[:=]/);
  if (at < 0) return { name: entry, address: '' };
  return { name: entry.slice(0, at), address: entry.slice(at + 1).replace(/^\[(.*)\]$/, '$1') };
}

function warningsOf(network: NetworkMode, host: HostConfig): string[] {
  const warnings: string[] = [];
  if ((network.kind === 'host' || network.kind === 'none') && publishes(host)) {
    warnings.push(`Published ports are discarded when using ${network.kind} network mode`);
  }
  if (host.oomKillDisable && host.memory === 0) {
    warnings.push(
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
    );
  }
  return warnings;
}
