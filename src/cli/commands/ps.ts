import { EngineError, isEngineError } from '../../base/errors.ts';
import { listContainers } from '../../client/containers.ts';
import { GoTemplate } from '../../formats/go-template.ts';
import type { ContainerSummary } from '../../wire/types-container.ts';
import { defineCommand, noArgs } from '../command.ts';
import { filters } from '../flags/lists.ts';
import { bool, int, string } from '../flags/scalars.ts';
import { chooseFormat } from '../format/choose.ts';
import { containerColumns, PS_TABLE } from '../format/container-columns.ts';
import { renderRows, toStruct } from '../format/table.ts';
import { TEMPLATE_FUNCTIONS } from '../format/template-functions.ts';
import { FORMAT_HELP } from '../format/texts.ts';

/** A container that has nothing. */
const NOBODY: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: 'created',
  Status: '',
  HostConfig: {},
  NetworkSettings: null,
  Mounts: [],
};

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    all: bool('Show stopped containers too', { short: 'a' }),
    filter: filters('Show only what matches, such as status=exited or label=KEY=VALUE'),
    format: string(FORMAT_HELP),
    last: int('Show the last created containers, in any state', -1, { short: 'n' }),
    latest: bool('Show the last created container, in any state', { short: 'l' }),
    noTrunc: bool("Don't shorten the output"),
    quiet: bool('Show IDs only', { short: 'q' }),
    size: bool('Show file sizes', { short: 's' }),
  },
  args: noArgs,
  run: async (cli, flags) => {
    const { psFormat } = cli.config();
    const format = chooseFormat(cli, flags, psFormat, size(PS_TABLE, flags.size));
    const limit = flags.latest && flags.last === -1 ? 1 : flags.last;
    const containers = await listContainers(cli.ctx, await cli.engine(), {
      ...(flags.all && { all: true }),
      ...(limit > 0 && { limit }),
      ...((flags.size || (!flags.quiet && asksForSize(flags.format))) && { size: true }),
      ...(Object.keys(flags.filter).length > 0 && { filters: flags.filter }),
    });
    cli.stdout.write(renderRows(containerColumns(!flags.noTrunc, Date.now()), containers, format));
    return 0;
  },
});

function size(table: string, wanted: boolean): string {
  return wanted ? `${table}\\t{{.Size}}` : table;
}

/** Tries the user's template on a made-up container, to see whether it wants to know sizes. Throws when it is wrong. */
function asksForSize(format: string): boolean {
  const source = format.replace(/^table/, '');
  if (source === '' || source === 'json') return false;
  const template = step(
    'failed to parse template',
    () => new GoTemplate(source, { functions: TEMPLATE_FUNCTIONS }),
  );
  let asked = false;
  const columns = containerColumns(true, 0);
  const Size = () => {
    asked = true;
    return '';
  };
  const probe = toStruct(columns.typeName, { ...columns.row(NOBODY), Size });
  step('failed to execute template', () => template.execute(probe));
  return asked;
}

function step<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError('invalid', `${problem}: ${error.message}`, { cause: error });
  }
}
