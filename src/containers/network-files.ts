import { isIP } from 'node:net';
import { splitExtraHost } from './check-host-config.ts';

/** What Docker writes into every container's /etc/hosts. */
const HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** The text of /etc/hosts: `base` (the host's own, with its network; else Docker's) and the user's `NAME:ADDRESS` entries. */
export function hostsFile(extraHosts: readonly string[], base: string = HOSTS): string {
  const entries = extraHosts.map(splitExtraHost).map(({ name, address }) => `${address}\t${name}\n`);
  return (base === '' || base.endsWith('\n') ? base : `${base}\n`) + entries.join('');
}

export interface ResolverSettings {
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
}

/** The text of /etc/resolv.conf: the host's, each kind of line replaced by what the user gave of it (resolv.conf(5)). */
export function resolvConf(host: string, settings: ResolverSettings): string {
  const { dns, dnsOptions } = settings;
  if (dns.length === 0 && settings.dnsSearch.length === 0 && dnsOptions.length === 0) return host;
  const lines = host.split('\n').map((line) => line.trim());
  const of = (...keywords: string[]): string[] =>
    lines.filter((line) => keywords.includes(line.split(/\s+/)[0] ?? ''));
  // `--dns-search .` means: no search domains at all.
  const search = settings.dnsSearch.filter((domain) => domain !== '.');
  return [
    ...(dns.length > 0
      ? dns.filter((address) => isIP(address) !== 0).map((address) => `nameserver ${address}`)
      : of('nameserver')),
    ...(settings.dnsSearch.length > 0
      ? search.length > 0
        ? [`search ${search.join(' ')}`]
        : []
      : of('search', 'domain')),
    ...(dnsOptions.length > 0 ? [`options ${dnsOptions.join(' ')}`] : of('options')),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
