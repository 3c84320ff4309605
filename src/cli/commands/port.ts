import { EngineError, messageOf } from '../../base/errors.ts';
import { inspectContainer } from '../../client/containers.ts';
import type { PortBinding } from '../../wire/types-host-config.ts';
import { defineCommand, rangeArgs } from '../command.ts';
import { parseInteger } from '../flags/scalars.ts';
import { hostPort } from '../format/ports.ts';

export const command = defineCommand({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  flags: {},
  args: rangeArgs(1, 2),
  run: async (cli, _flags, [container = '', wanted]) => {
    const { NetworkSettings } = await inspectContainer(cli.ctx, await cli.engine(), container);
    const ports = NetworkSettings.Ports ?? {};
    if (wanted === undefined) {
      const lines = Object.entries(ports).flatMap(([port, bindings]) =>
        (bindings ?? []).map((binding) => `${port} -> ${address(binding)}`),
      );
      cli.stdout.write(
        lines
          .sort(byNumber)
          .map((line) => `${line}\n`)
          .join(''),
      );
      return 0;
    }
    const [number = '', protocol = 'tcp'] = wanted.split('/');
    checkPort(number);
    const bindings = ports[`${number}/${protocol}`];
    if (!bindings || bindings.length === 0) {
      throw new EngineError('not-found', `Error: No public port '${wanted}' published for ${container}`);
    }
    cli.stdout.write(bindings.map((binding) => `${address(binding)}\n`).join(''));
    return 0;
  },
});

function checkPort(number: string): void {
  try {
    parseInteger(number, 16, false);
  } catch (error) {
    throw new EngineError('invalid', `Error: invalid port (${number}): ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function address({ HostIp, HostPort }: PortBinding): string {
  return hostPort(HostIp, HostPort);
}

function byNumber(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1);
}
