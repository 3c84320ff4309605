import { isEngineError } from '../../base/errors.ts';
import { shortId } from '../../formats/digest.ts';
import { goQuote } from '../../formats/go-quote.ts';
import { familiarName, familiarString, parseReference } from '../../formats/reference.ts';
import { ellipsis } from '../../formats/text-width.ts';
import { humanDuration, humanSize } from '../../formats/units.ts';
import type { ContainerSummary, MountPoint } from '../../wire/types-container.ts';
import { goTimeString } from './go-time.ts';
import { displayPorts } from './ports.ts';
import type { Columns } from './table.ts';

export const PS_TABLE =
  'table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}';
const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

const TITLES = {
  ID: 'CONTAINER ID',
  Names: 'NAMES',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Ports: 'PORTS',
  State: 'STATE',
  Status: 'STATUS',
  Size: 'SIZE',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Platform: 'PLATFORM',
};

/** What `ps --format` knows about a container; `trunc` shortens IDs, commands and mounts. */
export function containerColumns(trunc: boolean, nowMs: number): Columns<ContainerSummary> {
  return {
    typeName: '*formatter.ContainerContext',
    titles: TITLES,
    row: (item) => ({
      ID: () => (trunc ? shortId(item.Id) : item.Id),
      Names: () => names(item, trunc),
      Image: () => image(item, trunc),
      Command: () => goQuote(trunc ? ellipsis(item.Command, COMMAND_WIDTH) : item.Command),
      CreatedAt: () => goTimeString(item.Created),
      RunningFor: () => `${humanDuration(nowMs - item.Created * 1000)} ago`,
      Ports: () => displayPorts(item.Ports ?? []),
      State: () => item.State,
      Status: () => item.Status,
      Size: () => size(item),
      Labels: () => pairs(item.Labels ?? {}),
      Label: (name: string) => item.Labels?.[name] ?? '',
      Mounts: () => mounts(item.Mounts ?? [], trunc),
      LocalVolumes: () => String((item.Mounts ?? []).filter(({ Driver }) => Driver === 'local').length),
      Networks: () =>
        Object.keys(item.NetworkSettings?.Networks ?? {})
          .sort()
          .join(','),
      Platform: () => item.ImageManifestDescriptor?.platform ?? null,
    }),
  };
}

/** The container's own name; links (`/other/alias`) only in full listings. */
function names(item: ContainerSummary, trunc: boolean): string {
  const all = (item.Names ?? []).map((name) => name.replace(/^\//, ''));
  const own = all.find((name) => !name.includes('/'));
  return trunc && own !== undefined ? own : all.join(',');
}

function image(item: ContainerSummary, trunc: boolean): string {
  if (item.Image === '') return '<no image>';
  if (!trunc) return item.Image;
  if (shortId(item.ImageID) === shortId(item.Image)) return shortId(item.Image);
  try {
    const reference = parseReference(item.Image);
    const { domain, path, tag } = reference;
    return tag === undefined ? familiarName(reference) : familiarString({ domain, path, tag });
  } catch (error) {
    if (!isEngineError(error, 'invalid')) throw error;
    return item.Image;
  }
}

function size({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const own = humanSize(SizeRw, 3);
  return SizeRootFs > 0 ? `${own} (virtual ${humanSize(SizeRootFs, 3)})` : own;
}

/** `a=1,b=2`. */
function pairs(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function mounts(points: readonly MountPoint[], trunc: boolean): string {
  return points
    .map(({ Name, Source }) => Name || Source)
    .map((name) => (trunc ? ellipsis(name, MOUNT_WIDTH) : name))
    .join(',');
}
