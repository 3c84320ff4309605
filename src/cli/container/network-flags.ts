import { list, listOf } from '../flags/lists.ts';
import { bool, string } from '../flags/scalars.ts';
import { checkDomain, checkExtraHost, checkIp, checkLink } from './addresses.ts';
import { parseNetwork } from './network.ts';

const section = 'Network:';
const only = { section };

/** Networks, ports and names. */
export const NETWORK_FLAGS = {
  addHost: list('Add a line to /etc/hosts: HOST:IP', only, checkExtraHost),
  dns: list('DNS server', only, checkIp),
  dnsOption: list('Option of /etc/resolv.conf', { section, aliases: ['dns-opt'] }),
  dnsSearch: list('DNS search domain', only, checkDomain),
  expose: list('Declare a port without publishing it', only),
  ip: string('IPv4 address', '', only),
  ip6: string('IPv6 address', '', only),
  link: list('Make another container known by name: NAME[:ALIAS]', only, checkLink),
  linkLocalIp: list('Link-local address', only, checkIp),
  macAddress: string('MAC address', '', only),
  network: listOf('Network: NAME, none, host, container:NAME, or name=…,alias=…', parseNetwork, {
    section,
    kind: 'network',
    aliases: ['net'],
  }),
  networkAlias: list('Name of the container in its network', { section, aliases: ['net-alias'] }),
  publish: list('Make a port reachable: [[IP:]HOST_PORT:]PORT[/PROTO]', { section, short: 'p' }),
  publishAll: bool('Make all declared ports reachable under free ports', { section, short: 'P' }),
};
