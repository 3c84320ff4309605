import { EngineError } from '../base/errors.ts';
import type { Fd } from './fd.ts';
import { type NetlinkSocket, NLM_F_CREATE, NLM_F_EXCL } from './netlink.ts';
import {
  type Attribute,
  attributeMap,
  encodeAttributes,
  nested,
  text,
  textOf,
  u32,
} from './netlink-codec.ts';
import { isErrno } from './syscall.ts';

/* Links, addresses and routes of a network namespace (rtnetlink(7)). */

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_GETADDR = 22;
const RTM_GETROUTE = 26;

const IFF_UP = 1;

/** include/uapi/linux/if_link.h */
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;

/** include/uapi/linux/if_addr.h */
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;

/** include/uapi/linux/rtnetlink.h */
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_TABLE = 15;

/** IFNAMSIZ less the NUL. */
const MAX_NAME = 15;

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  /** Hardware address; empty where there is none. */
  readonly address: Uint8Array;
  /** Index of the bridge it belongs to; 0 for none. */
  readonly master: number;
  /** `bridge`, `veth` …; empty for hardware and `lo`. */
  readonly kind: string;
}

/** 4 bytes for IPv4, 16 for IPv6, and how many bits of them count. */
export interface Prefix {
  readonly address: Uint8Array;
  readonly length: number;
}

export interface LinkAddress extends Prefix {
  /** Index of the link. */
  readonly link: number;
}

export interface Route {
  /** `length` 0 is the default route. */
  readonly destination: Prefix;
  readonly gateway: Uint8Array | undefined;
  /** Index of the outgoing link; 0 for none. */
  readonly link: number;
  /** RT_TABLE_MAIN is 254, RT_TABLE_LOCAL 255. */
  readonly table: number;
}

/** A link to make. The peer of a `veth` may be born in another namespace. */
export type NewLink =
  | { readonly kind: 'bridge'; readonly name: string }
  | {
      readonly kind: 'veth';
      readonly name: string;
      readonly peer: { readonly name: string; readonly namespace?: Fd };
    };

/** All links, in the order of their indices. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket.dump({ what: 'getlink', type: RTM_GETLINK, flags: 0, payload: linkHeader() }).map(parseLink);
}

/** The link of this name, or undefined. */
export function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  return listLinks(socket).find((link) => link.name === name);
}

/** All addresses, IPv4 and IPv6. */
export function listAddresses(socket: NetlinkSocket): LinkAddress[] {
  const payload = Buffer.alloc(8);
  return socket.dump({ what: 'getaddr', type: RTM_GETADDR, flags: 0, payload }).flatMap(parseAddress);
}

/** All routes of all tables, IPv4 and IPv6. */
export function listRoutes(socket: NetlinkSocket): Route[] {
  const payload = Buffer.alloc(12);
  return socket.dump({ what: 'getroute', type: RTM_GETROUTE, flags: 0, payload }).map(parseRoute);
}

/** Makes a link. EEXIST when the name is taken. */
export function addLink(socket: NetlinkSocket, link: NewLink): void {
  socket.execute({
    what: `newlink ${link.name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    payload: Buffer.concat([
      linkHeader(),
      encodeAttributes([text(IFLA_IFNAME, checkName(link.name)), nested(IFLA_LINKINFO, linkInfo(link))]),
    ]),
  });
}

/** Deletes a link (of a veth, both ends); false when there is none. It waits for the kernel, for some 20 ms. */
export async function deleteLink(socket: NetlinkSocket, name: string): Promise<boolean> {
  const payload = Buffer.concat([linkHeader(), encodeAttributes([text(IFLA_IFNAME, checkName(name))])]);
  try {
    await socket.executeLater({ what: `dellink ${name}`, type: RTM_DELLINK, flags: 0, payload });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return false;
    throw error;
  }
}

/** Brings a link up, `lo` for one. ENODEV when there is none. */
export function setLinkUp(socket: NetlinkSocket, name: string): void {
  const payload = Buffer.concat([linkHeader(IFF_UP), encodeAttributes([text(IFLA_IFNAME, checkName(name))])]);
  socket.execute({ what: `setlink ${name}`, type: RTM_NEWLINK, flags: 0, payload });
}

/** Throws `invalid` for what the kernel would not take as a link's name, or would cut off. */
function checkName(name: string): string {
  const bad =
    name === '' ||
    name === '.' ||
    name === '..' ||
    Buffer.byteLength(name) > MAX_NAME ||
    /[\s/:\0]/.test(name);
  if (bad)
    throw new EngineError('invalid', `${JSON.stringify(name)} is not a link name of 1 to ${MAX_NAME} bytes`);
  return name;
}

function linkInfo(link: NewLink): Attribute[] {
  const kind = text(IFLA_INFO_KIND, link.kind);
  if (link.kind !== 'veth') return [kind];
  const { name, namespace } = link.peer;
  const attributes = [text(IFLA_IFNAME, checkName(name))];
  if (namespace !== undefined) attributes.push(u32(IFLA_NET_NS_FD, namespace));
  const peer = Buffer.concat([linkHeader(), encodeAttributes(attributes)]);
  return [kind, nested(IFLA_INFO_DATA, [{ type: VETH_INFO_PEER, data: peer }])];
}

/** `struct ifinfomsg`: family u8, pad, type u16, index s32, flags u32, change mask u32. */
function linkHeader(flags = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
}

function parseLink(payload: Buffer): Link {
  const attributes = attributeMap(payload.subarray(16));
  const info = attributeMap(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
  return {
    index: payload.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME) ?? Buffer.alloc(0)),
    up: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    mtu: numberOf(attributes.get(IFLA_MTU)),
    address: attributes.get(IFLA_ADDRESS) ?? Buffer.alloc(0),
    master: numberOf(attributes.get(IFLA_MASTER)),
    kind: textOf(info.get(IFLA_INFO_KIND) ?? Buffer.alloc(0)),
  };
}

/** `struct ifaddrmsg`: family u8, prefix length u8, flags u8, scope u8, index u32. */
function parseAddress(payload: Buffer): LinkAddress[] {
  const attributes = attributeMap(payload.subarray(8));
  // Of a point-to-point link, IFA_ADDRESS is the other end.
  const address = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  return address ? [{ link: payload.readUInt32LE(4), address, length: payload.readUInt8(1) }] : [];
}

/** `struct rtmsg`: family u8, destination length u8, source length u8, tos u8, table u8, protocol u8, scope u8, type u8, flags u32. */
function parseRoute(payload: Buffer): Route {
  const attributes = attributeMap(payload.subarray(12));
  const size = payload.readUInt8(0) === AF_INET6 ? 16 : 4;
  return {
    destination: { address: attributes.get(RTA_DST) ?? Buffer.alloc(size), length: payload.readUInt8(1) },
    gateway: attributes.get(RTA_GATEWAY),
    link: numberOf(attributes.get(RTA_OIF)),
    table: numberOf(attributes.get(RTA_TABLE)) || payload.readUInt8(4),
  };
}

const AF_INET6 = 10;

function numberOf(data: Buffer | undefined): number {
  return data ? data.readUInt32LE(0) : 0;
}
