import { EngineError } from '../base/errors.ts';
import type { ContainerConfigInput } from '../containers/config.ts';
import type { NetworkMode } from '../containers/namespace-mode.ts';

/** Settings of one network endpoint as requested; all empty when the client only names the network. */
export interface EndpointInput {
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly macAddress: string;
  readonly ipv4Address: string;
  readonly ipv6Address: string;
  readonly linkLocalIps: readonly string[];
  readonly driverOpts: Readonly<Record<string, string>>;
  readonly gwPriority: number;
}

/**
 * Refuses what needs a network of our own: `default`, `bridge` and any name, and settings of an endpoint that the modes
 * none, host and container do not have. Throws `not-implemented`, `invalid`.
 */
export function checkNetworks(
  mode: NetworkMode,
  config: ContainerConfigInput,
  endpoints: Readonly<Record<string, EndpointInput>>,
): void {
  if (mode.kind === 'network' && !config.networkDisabled) {
    throw new EngineError(
      'not-implemented',
      `HostConfig.NetworkMode: network "${mode.name}": this version has no bridge networks yet; use --net=none or --net=host`,
    );
  }
  for (const [network, endpoint] of Object.entries(endpoints)) {
    const field = Object.entries(settingsOf(endpoint)).find(([, given]) => given)?.[0];
    if (field !== undefined) {
      throw new EngineError(
        'invalid',
        `NetworkingConfig.EndpointsConfig["${network}"].${field}: network-scoped settings are supported only for containers in user defined networks`,
      );
    }
  }
}

function settingsOf(endpoint: EndpointInput): Readonly<Record<string, boolean>> {
  return {
    Aliases: endpoint.aliases.length > 0,
    Links: endpoint.links.length > 0,
    MacAddress: endpoint.macAddress !== '',
    'IPAMConfig.IPv4Address': endpoint.ipv4Address !== '',
    'IPAMConfig.IPv6Address': endpoint.ipv6Address !== '',
    'IPAMConfig.LinkLocalIPs': endpoint.linkLocalIps.length > 0,
    DriverOpts: Object.keys(endpoint.driverOpts).length > 0,
    GwPriority: endpoint.gwPriority !== 0,
  };
}
