import { EngineError } from '../../base/errors.ts';
import type { EndpointSettings } from '../../wire/types-network.ts';
import { splitPair } from '../flags/lists.ts';
import { parseInteger } from '../flags/scalars.ts';
import { isMacAddress } from './addresses.ts';
import { csvFields } from './csv.ts';

/** One `--network`. */
export interface NetworkOption {
  target: string;
  aliases: readonly string[];
  driverOpts: Readonly<Record<string, string>>;
  links: readonly string[];
  ipv4: string;
  ipv6: string;
  linkLocalIps: readonly string[];
  macAddress: string;
  gwPriority: number;
}

const PLAIN: NetworkOption = {
  target: '',
  aliases: [],
  driverOpts: {},
  links: [],
  ipv4: '',
  ipv6: '',
  linkLocalIps: [],
  macAddress: '',
  gwPriority: 0,
};

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** Parses a `--network`: a name, `host`, `container:ID`, or `name=NET,alias=A,ip=…`. Throws `invalid`. */
export function parseNetwork(text: string): NetworkOption {
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return { ...PLAIN, target: text };
  let option = PLAIN;
  for (const field of csvFields(text)) {
    const [rawKey, rawValue] = splitPair(field);
    if (rawValue === undefined || rawKey === '') fail(`invalid field ${field}`);
    option = { ...option, ...networkField(option, rawKey.trim().toLowerCase(), (rawValue ?? '').trim()) };
  }
  return option.target === '' ? fail('network name/id is not specified') : option;
}

function networkField(option: NetworkOption, key: string, value: string): Partial<NetworkOption> {
  switch (key) {
    case 'name':
      return { target: value };
    case 'alias':
      return { aliases: [...option.aliases, value] };
    case 'ip':
      return { ipv4: value };
    case 'ip6':
      return { ipv6: value };
    case 'mac-address':
      return isMacAddress(value) ? { macAddress: value } : fail(`${value} is not a valid mac address`);
    case 'link-local-ip':
      return { linkLocalIps: [...option.linkLocalIps, value] };
    case 'driver-opt': {
      const [name, content] = splitPair(value);
      if (content === undefined || name === '') fail('invalid key value pair format in driver options');
      return { driverOpts: { ...option.driverOpts, [name.trim()]: (content ?? '').trim() } };
    }
    case 'gw-priority':
      return { gwPriority: gatewayPriority(value) };
    default:
      return fail(`invalid field key ${key}`);
  }
}

function gatewayPriority(value: string): number {
  try {
    return parseInteger(value);
  } catch {
    return fail(`invalid gw-priority (${value}): it must be an integer`);
  }
}

/** The flags that speak of the first network without naming it. */
export interface FirstNetworkFlags {
  networkAlias: readonly string[];
  link: readonly string[];
  ip: string;
  ip6: string;
  linkLocalIp: readonly string[];
  macAddress: string;
}

/** What the request says about networks: the mode, and an endpoint for each network that needs one. */
export interface NetworkRequest {
  mode: string;
  endpoints: Readonly<Record<string, EndpointSettings>>;
}

/** Settles all network flags. Throws `invalid` where two of them speak of the same thing. */
export function networkRequest(options: readonly NetworkOption[], flags: FirstNetworkFlags): NetworkRequest {
  const all = options.length > 0 ? options : [{ ...PLAIN, target: 'default' }];
  const kinds = new Set(all.map(({ target }) => isUserDefined(target)));
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [i, option] of all.entries()) {
    const settings = endpoint(i === 0 ? withFlags(option, flags) : option);
    if (Object.hasOwn(endpoints, option.target)) {
      fail(`network ${JSON.stringify(option.target)} is specified multiple times`);
    }
    // A single network without wishes is what the daemon makes of the mode alone.
    if (all.length > 1 || Object.keys(settings).length > 0) endpoints[option.target] = settings;
  }
  if (kinds.size > 1) {
    fail('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  return { mode: all[0]?.target ?? 'default', endpoints };
}

/** Whether `target` names a network that users make, rather than one of the built-in modes. */
export function isUserDefined(target: string): boolean {
  return !['default', 'bridge', 'host', 'none'].includes(target) && !target.startsWith('container:');
}

function withFlags(option: NetworkOption, flags: FirstNetworkFlags): NetworkOption {
  const refuse = (flag: string, what: string): never =>
    fail(`conflicting options: cannot specify both ${flag} and per-network ${what}`);
  if (option.aliases.length > 0 && flags.networkAlias.length > 0) refuse('--network-alias', 'alias');
  if (option.links.length > 0 && flags.link.length > 0) refuse('--link', 'links');
  if (option.ipv4 !== '' && flags.ip !== '') refuse('--ip', 'IPv4 address');
  if (option.ipv6 !== '' && flags.ip6 !== '') refuse('--ip6', 'IPv6 address');
  if (option.macAddress !== '' && flags.macAddress !== '') refuse('--mac-address', 'MAC address');
  if (option.linkLocalIps.length > 0 && flags.linkLocalIp.length > 0) {
    refuse('--link-local-ip', 'link-local IP addresses');
  }
  return {
    ...option,
    aliases: flags.networkAlias.length > 0 ? flags.networkAlias : option.aliases,
    links: flags.link.length > 0 && isUserDefined(option.target) ? flags.link : option.links,
    ipv4: flags.ip || option.ipv4,
    ipv6: flags.ip6 || option.ipv6,
    linkLocalIps: flags.linkLocalIp.length > 0 ? flags.linkLocalIp : option.linkLocalIps,
    macAddress: flags.macAddress || option.macAddress,
  };
}

function endpoint(option: NetworkOption): EndpointSettings {
  if (option.target.trim() === '') fail('no name set for network');
  if (!isUserDefined(option.target)) {
    if (option.aliases.length > 0)
      fail('network-scoped aliases are only supported for user-defined networks');
    if (option.links.length > 0) fail('links are only supported for user-defined networks');
  }
  const { ipv4, ipv6, linkLocalIps } = option;
  const ipam = {
    ...(ipv4 !== '' && { IPv4Address: ipv4 }),
    ...(ipv6 !== '' && { IPv6Address: ipv6 }),
    ...(linkLocalIps.length > 0 && { LinkLocalIPs: [...linkLocalIps] }),
  };
  return {
    ...(option.aliases.length > 0 && { Aliases: [...option.aliases] }),
    ...(Object.keys(option.driverOpts).length > 0 && { DriverOpts: { ...option.driverOpts } }),
    ...(option.links.length > 0 && { Links: [...option.links] }),
    ...(Object.keys(ipam).length > 0 && { IPAMConfig: ipam }),
    ...(option.macAddress !== '' && { MacAddress: option.macAddress }),
    ...(option.gwPriority !== 0 && { GwPriority: option.gwPriority }),
  };
}
