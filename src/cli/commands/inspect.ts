import { EngineError } from '../../base/errors.ts';
import { inspectContainerRaw } from '../../client/containers.ts';
import { isDaemonError } from '../../client/daemon-error.ts';
import type { Engine } from '../../client/engine.ts';
import { inspectImageRaw } from '../../client/images.ts';
import { inspectNetworkRaw } from '../../client/networks.ts';
import { inspectVolumeRaw } from '../../client/volumes.ts';
import type { Cli } from '../cli-context.ts';
import { defineCommand, minArgs } from '../command.ts';
import { bool, string } from '../flags/scalars.ts';
import { VALUE_FORMAT_HELP } from '../format/texts.ts';
import { type Inspected, inspectAll } from '../inspect.ts';

/** Asks for the raw JSON of one object. */
type Look = (cli: Cli, engine: Engine, name: string, size: boolean) => Promise<string>;

/** In the order in which a bare name is tried. */
const KINDS: readonly { type: string; kind: string; look: Look }[] = [
  {
    type: 'container',
    kind: 'Container',
    look: ({ ctx }, engine, name, size) => inspectContainerRaw(ctx, engine, name, size),
  },
  { type: 'image', kind: 'Image', look: ({ ctx }, engine, name) => inspectImageRaw(ctx, engine, name) },
  { type: 'network', kind: 'Network', look: ({ ctx }, engine, name) => inspectNetworkRaw(ctx, engine, name) },
  { type: 'volume', kind: 'Volume', look: ({ ctx }, engine, name) => inspectVolumeRaw(ctx, engine, name) },
];

export const command = defineCommand({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  flags: {
    format: string(VALUE_FORMAT_HELP, '', { short: 'f' }),
    size: bool('Include file sizes of containers', { short: 's' }),
    type: string('Look only for container, image, network or volume'),
  },
  args: minArgs(1),
  run: async (cli, { format, size, type }, names) => {
    const kinds = KINDS.filter((each) => type === '' || each.type === type);
    if (kinds.length === 0) {
      throw new EngineError(
        'invalid',
        `unknown type: ${JSON.stringify(type)}: must be one of ${KINDS.map((each) => each.type).join(', ')}`,
      );
    }
    const engine = await cli.engine();
    return inspectAll(cli, names, format, (name) => lookThrough(kinds, cli, engine, name, size, type));
  },
});

async function lookThrough(
  kinds: typeof KINDS,
  cli: Cli,
  engine: Engine,
  name: string,
  size: boolean,
  type: string,
): Promise<Inspected> {
  for (const { kind, look } of kinds) {
    try {
      return { kind, raw: await look(cli, engine, name, size) };
    } catch (error) {
      if (!isDaemonError(error, 404) || type !== '') throw error;
    }
  }
  throw new EngineError('not-found', `Error: No such object: ${name}`);
}
