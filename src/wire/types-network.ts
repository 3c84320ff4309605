import type { EmptyObject, Nullable, StringMap } from './types-common.ts';

export interface EndpointIpamConfig {
  IPv4Address?: string;
  IPv6Address?: string;
  LinkLocalIPs?: Nullable<string[]>;
}

/** One container's place in one network; in requests only the first six are read. */
export interface EndpointSettings {
  IPAMConfig?: Nullable<EndpointIpamConfig>;
  Links?: Nullable<string[]>;
  Aliases?: Nullable<string[]>;
  MacAddress?: string;
  DriverOpts?: Nullable<StringMap>;
  /** Since 1.48. */
  GwPriority?: number;
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  /** Since 1.44. */
  DNSNames?: Nullable<string[]>;
}

export interface NetworkingConfig {
  EndpointsConfig?: Nullable<Record<string, Nullable<EndpointSettings>>>;
}

export interface IpamPool {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Nullable<StringMap>;
}

export interface Ipam {
  Driver?: string;
  Options?: Nullable<StringMap>;
  Config?: Nullable<IpamPool[]>;
}

export interface NetworkContainer {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

/** `GET /networks` (items) and `GET /networks/ID`. */
export interface NetworkInspect {
  Name: string;
  Id: string;
  Created: string;
  Scope: string;
  Driver: string;
  /** Since 1.48. */
  EnableIPv4?: boolean;
  EnableIPv6: boolean;
  IPAM: Ipam;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: { Network: string };
  ConfigOnly: boolean;
  Containers?: Nullable<Record<string, NetworkContainer>>;
  Options: Nullable<StringMap>;
  Labels: Nullable<StringMap>;
  Services?: Nullable<Record<string, EmptyObject>>;
}

/** `POST /networks/create`. */
export interface NetworkCreateRequest {
  Name: string;
  CheckDuplicate?: boolean;
  Driver?: string;
  Scope?: string;
  EnableIPv4?: Nullable<boolean>;
  EnableIPv6?: Nullable<boolean>;
  IPAM?: Nullable<Ipam>;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: Nullable<{ Network: string }>;
  Options?: Nullable<StringMap>;
  Labels?: Nullable<StringMap>;
}

export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

/** `POST /networks/ID/connect`. */
export interface NetworkConnectRequest {
  Container: string;
  EndpointConfig?: Nullable<EndpointSettings>;
}

/** `POST /networks/ID/disconnect`. */
export interface NetworkDisconnectRequest {
  Container: string;
  Force?: boolean;
}

export interface NetworkPruneResponse {
  NetworksDeleted: Nullable<string[]>;
}
