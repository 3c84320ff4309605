import type { Ctx } from '../base/ctx.ts';
import type { ContainerConfigInput } from '../containers/config.ts';
import type { HostConfigInput } from '../containers/host-config.ts';
import type { ContainerId } from '../containers/record.ts';
import type { Engine } from './engine.ts';

export interface CreateInput {
  /** As typed, with or without the slash; absent or empty: a name is made up. */
  readonly name?: string;
  readonly config: ContainerConfigInput;
  readonly hostConfig: HostConfigInput;
  /** NetworkingConfig.EndpointsConfig: network name → settings. */
  readonly endpoints: Readonly<Record<string, EndpointInput>>;
  /** `os[/arch[/variant]]`; absent or empty: the host's. */
  readonly platform?: string;
}

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

export interface CreateResult {
  readonly id: ContainerId;
  readonly warnings: readonly string[];
}

/** Makes a container. Errors: `invalid` (names the field), `not-found` (no such image), `conflict` (name taken), `not-implemented`. */
export async function createContainer(
  _ctx: Ctx,
  _engine: Engine,
  _input: CreateInput,
): Promise<CreateResult> {
  throw new Error('pending');
}
