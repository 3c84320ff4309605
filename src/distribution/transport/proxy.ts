import { BlockList, isIP } from 'node:net';
import type { ProxyConfig } from '../registry-config.ts';

/**
 * The proxy that requests to `url` go through. The rules of NO_PROXY are those of Go's `net/http` (and so dockerd's):
 * a comma list of hosts (which cover their subdomains), `.suffix`es, addresses, CIDRs, each with an optional port, or
 * `*`; loopback is never proxied.
 */
export function proxyFor(url: URL, proxy: ProxyConfig): URL | undefined {
  const text = url.protocol === 'https:' ? proxy.https : proxy.http;
  if (!text || isLoopback(hostOf(url)) || matchesNoProxy(url, proxy.no ?? '')) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(full) ? new URL(full) : undefined;
}

/** The host of `url` without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return inBlocks(host, ['127.0.0.0/8', '::1/128']);
}

/** True when `address` is one of `blocks`' (CIDR); blocks that are none are passed over. */
export function inBlocks(address: string, blocks: readonly string[]): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const list = new BlockList();
  for (const block of blocks) {
    const [net = '', bits = ''] = block.split('/');
    const family = isIP(net);
    if (family === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) continue;
    list.addSubnet(net, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

function matchesNoProxy(url: URL, list: string): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return inBlocks(host, [entry]);
      const [, name = entry, wantedPort] = /^(.*?|\[.*\]):(\d+)$/.exec(entry) ?? [];
      if (isIP(entry) === 0 && wantedPort !== undefined && wantedPort !== port) return false;
      const bare = (isIP(entry) === 0 ? name : entry).replace(/^\*?\.|^\[|\]$/g, '');
      return host === bare ? !name.startsWith('.') : isIP(host) === 0 && host.endsWith(`.${bare}`);
    });
}
