import { EngineError } from '../base/errors.ts';

/** One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export interface MountInfo {
  readonly id: number;
  readonly parentId: number;
  /** `MAJOR:MINOR` of the filesystem. */
  readonly dev: string;
  /** Path within the filesystem that is mounted here. */
  readonly root: string;
  readonly mountPoint: string;
  /** Options of this mount: `rw`, `nosuid`, `relatime` … */
  readonly options: readonly string[];
  /** Peer group this mount shares events with, and the one it receives them from; 0 for none. */
  readonly shared: number;
  readonly master: number;
  readonly unbindable: boolean;
  /** `ext4`, `overlay`, `cgroup2` … */
  readonly fsType: string;
  readonly source: string;
  /** Options of the filesystem: `rw`, `cpu`, `lowerdir=…` … */
  readonly superOptions: readonly string[];
}

/** Parses a whole mountinfo file. Throws `invalid` naming the line that is not one of mountinfo. */
export function parseMountInfo(text: string): MountInfo[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): MountInfo {
  // ID PARENT MAJ:MIN ROOT POINT OPTIONS TAG… - TYPE SOURCE SUPER_OPTIONS
  const fields = line.split(' ');
  const dash = fields.indexOf('-', 6);
  const [id, parentId, dev, root, mountPoint, options] = fields;
  const [fsType, source, superOptions] = fields.slice(dash + 1);
  if (dash < 0 || mountPoint === undefined || fsType === undefined || source === undefined) {
    throw new EngineError('invalid', `mountinfo: malformed line ${JSON.stringify(line)}`);
  }
  const tags = fields.slice(6, dash);
  return {
    id: Number(id),
    parentId: Number(parentId),
    dev: dev ?? '',
    root: decodeOctal(root ?? ''),
    mountPoint: decodeOctal(mountPoint),
    options: (options ?? '').split(','),
    shared: tagNumber(tags, 'shared:'),
    master: tagNumber(tags, 'master:'),
    unbindable: tags.includes('unbindable'),
    fsType: decodeOctal(fsType),
    source: decodeOctal(source),
    superOptions: (superOptions ?? '').split(',').map(unescape),
  };
}

function tagNumber(tags: readonly string[], prefix: string): number {
  const tag = tags.find((candidate) => candidate.startsWith(prefix));
  return tag === undefined ? 0 : Number(tag.slice(prefix.length));
}

/** Blank, tab, newline, backslash and `#` are written as `\` and three octal digits. */
function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
