import { randomBytes } from 'node:crypto';
import { hostname as hostHostname } from 'node:os';
import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { UndoStack } from '../base/undo.ts';
import { checkConfig } from '../containers/check-config.ts';
import { checkHostConfig } from '../containers/check-host-config.ts';
import { nowText } from '../containers/clock.ts';
import type { ContainerConfig, ContainerConfigInput } from '../containers/config.ts';
import type { HostConfig, HostConfigInput } from '../containers/host-config.ts';
import { mergeImage } from '../containers/merge-image.ts';
import { parseName, randomName } from '../containers/names.ts';
import { type ContainerId, type ContainerRecord, parseContainerId } from '../containers/record.ts';
import { refuseUnsupported } from '../containers/refuse.ts';
import { settleMounts } from '../containers/settle-mounts.ts';
import { CREATED } from '../containers/state.ts';
import { type ChainId, shortId } from '../formats/digest.ts';
import { checkBindSources } from './bind-sources.ts';
import { checkRuntime } from './check-runtime.ts';
import { publishContainer } from './container-events.ts';
import { loadContainerImage } from './container-image.ts';
import { settleHostConfig } from './create-host-config.ts';
import { checkNetworks, type EndpointInput } from './create-network.ts';
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

export interface CreateResult {
  readonly id: ContainerId;
  readonly warnings: readonly string[];
}

/**
 * Makes a container. Errors: `invalid` (names the field), `not-found` (no such image), `conflict` (name taken),
 * `not-implemented`.
 *
 * Acknowledged when both the record and the writable layer are on disk; they share one flush. Whichever a crash leaves
 * alone is half a container, which `reconcile` removes.
 */
export async function createContainer(ctx: Ctx, engine: Engine, input: CreateInput): Promise<CreateResult> {
  const wantedName = input.name ? parseName(input.name) : undefined;
  const host = settleHostConfig(engine, input.hostConfig);
  checkConfig(input.config);
  refuseUnsupported(input.config, host);
  const { network, warnings } = checkHostConfig(input.config, host);
  checkNetworks(network, input.config, input.endpoints);
  const limits = checkRuntime(host, engine.host);
  const image = await loadContainerImage(ctx, engine, imageReference(input.config), input.platform);
  const mounts = settleMounts(host);
  await checkBindSources(mounts);

  await using undo = new UndoStack(ctx.log);
  const id = parseContainerId(randomBytes(32).toString('hex'));
  const name = holdName(engine, wantedName, id);
  undo.push('let go of the name', () => engine.containers.freeName(name, id));
  const config = mergeImage(input.config, image.config.defaults);
  const record: ContainerRecord = {
    id,
    name,
    createdAt: nowText(),
    imageId: image.record.id,
    ...(image.record.manifests[0] && { manifestDigest: image.record.manifests[0].digest }),
    architecture: image.record.platform.architecture,
    config: { ...config, hostname: config.hostname || defaultHostname(host, id) },
    hostConfig: host,
    mounts,
    state: CREATED,
    restartCount: 0,
    stoppedByUser: false,
  };
  await engine.containers.add(record, makeLayer(ctx, engine, id, image.topLayer, undo));
  undo.release();
  publishContainer(engine, record, 'create');
  return { id, warnings: [...warnings, ...limits, ...image.warnings, ...healthWarnings(config)] };
}

async function makeLayer(
  ctx: Ctx,
  engine: Engine,
  id: ContainerId,
  below: ChainId | undefined,
  undo: UndoStack,
): Promise<void> {
  await engine.snapshots.prepare(ctx, id, below);
  undo.push('remove the writable layer', () => engine.snapshots.remove(detached(ctx), id));
}

function imageReference(config: ContainerConfigInput): string {
  if (!config.image) throw new EngineError('invalid', 'Config.Image: no image is named');
  return config.image;
}

/** A user's own is refused; an image's would refuse the image. */
function healthWarnings({ healthcheck }: ContainerConfig): string[] {
  const [first = 'NONE'] = healthcheck?.test ?? [];
  return first === 'NONE' ? [] : ["The image's health check is not run: this version has no health checks"];
}

/** With the host's network goes the host's name. */
function defaultHostname(host: HostConfig, id: ContainerId): string {
  return host.networkMode === 'host' || host.utsMode === 'host' ? hostHostname() : shortId(id);
}

function holdName(engine: Engine, wanted: string | undefined, id: ContainerId): string {
  let name = wanted ?? randomName(0);
  for (let attempt = 1; wanted === undefined && engine.containers.hasName(name); attempt++)
    name = randomName(attempt);
  engine.containers.holdName(name, id);
  return name;
}
