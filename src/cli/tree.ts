import type { Command } from './command.ts';

/** A command under all its names. The first path is shown first in its help. */
export interface Leaf {
  readonly paths: readonly string[];
  readonly summary: string;
  readonly load: () => Promise<{ command: Command }>;
}

/** Something docker has and Gantry does not have yet. */
export interface Missing {
  readonly paths: readonly string[];
  readonly summary: string;
}

export interface Group {
  readonly name: string;
  readonly summary: string;
}

export const GROUPS: readonly Group[] = [
  { name: 'container', summary: 'Work with containers' },
  { name: 'image', summary: 'Work with images' },
  { name: 'system', summary: 'Look at the daemon and what it uses' },
];

/** Shown first in the overall help. */
export const COMMON: readonly string[] = [
  'run',
  'exec',
  'ps',
  'logs',
  'pull',
  'images',
  'stop',
  'rm',
  'inspect',
  'version',
  'info',
];

export const COMMANDS: readonly Leaf[] = [
  leaf('run, container run', 'Start a new container from an image', () => import('./commands/run.ts')),
  leaf(
    'exec, container exec',
    'Run a command inside a running container',
    () => import('./commands/exec.ts'),
  ),
  leaf('ps, container ls, container list, container ps', 'List containers', () => import('./commands/ps.ts')),
  leaf('pull, image pull', 'Fetch an image from a registry', () => import('./commands/pull.ts')),
  leaf('images, image ls, image list', 'List images', () => import('./commands/images.ts')),
  leaf('version', 'Show the versions of client and daemon', () => import('./commands/version.ts')),
  leaf('info, system info', 'Describe the daemon and its host', () => import('./commands/info.ts')),
  leaf(
    'attach, container attach',
    "Connect this terminal to a running container's input and output",
    () => import('./commands/attach.ts'),
  ),
  leaf(
    'create, container create',
    'Make a container without starting it',
    () => import('./commands/create.ts'),
  ),
  leaf('events, system events', 'Follow what happens in the daemon', () => import('./commands/events.ts')),
  leaf(
    'history, image history',
    "List the steps an image's layers come from",
    () => import('./commands/history.ts'),
  ),
  leaf(
    'import, image import',
    'Make an image from a root filesystem archive',
    () => import('./commands/import.ts'),
  ),
  leaf('inspect', 'Show everything known about containers and images', () => import('./commands/inspect.ts')),
  leaf(
    'container inspect',
    'Show everything known about containers',
    () => import('./commands/container-inspect.ts'),
  ),
  leaf('image inspect', 'Show everything known about images', () => import('./commands/image-inspect.ts')),
  leaf('kill, container kill', 'Send a signal to running containers', () => import('./commands/kill.ts')),
  leaf('load, image load', 'Read images from an archive made by save', () => import('./commands/load.ts')),
  leaf('logs, container logs', "Show a container's output", () => import('./commands/logs.ts')),
  leaf('pause, container pause', 'Freeze all processes of containers', () => import('./commands/pause.ts')),
  leaf(
    'port, container port',
    'Show which host ports lead into a container',
    () => import('./commands/port.ts'),
  ),
  leaf('container prune', 'Remove all stopped containers', () => import('./commands/container-prune.ts')),
  leaf('image prune', 'Remove unused images', () => import('./commands/image-prune.ts')),
  leaf('rename, container rename', 'Give a container another name', () => import('./commands/rename.ts')),
  leaf(
    'restart, container restart',
    'Stop containers and start them again',
    () => import('./commands/restart.ts'),
  ),
  leaf('rm, container rm, container remove', 'Remove containers', () => import('./commands/rm.ts')),
  leaf('rmi, image rm, image remove', 'Remove images', () => import('./commands/rmi.ts')),
  leaf('save, image save', 'Write images to an archive', () => import('./commands/save.ts')),
  leaf('start, container start', 'Start stopped containers', () => import('./commands/start.ts')),
  leaf('stop, container stop', 'Ask containers to end, then make them', () => import('./commands/stop.ts')),
  leaf('tag, image tag', 'Give an image another name', () => import('./commands/tag.ts')),
  leaf('top, container top', "List a container's processes", () => import('./commands/top.ts')),
  leaf('unpause, container unpause', 'Let frozen containers run on', () => import('./commands/unpause.ts')),
  leaf(
    'wait, container wait',
    'Wait until containers end and print their exit codes',
    () => import('./commands/wait.ts'),
  ),
];

export const MISSING: readonly Missing[] = [
  missing('build, image build, builder, buildx', 'Build an image from a Dockerfile'),
  missing('compose', 'Run the services of a compose file'),
  missing('commit, container commit', "Make an image from a container's changes"),
  missing('context', 'Keep a list of daemons'),
  missing('cp, container cp', 'Copy files into and out of containers'),
  missing('diff, container diff', 'List changed files of a container'),
  missing('export, container export', "Write a container's filesystem to an archive"),
  missing('login', 'Sign in to a registry'),
  missing('logout', 'Sign out of a registry'),
  missing('network', 'Work with networks'),
  missing('push, image push', 'Send an image to a registry'),
  missing('search', 'Search a registry'),
  missing('stats, container stats', 'Watch what containers use'),
  missing('system df', 'Show what takes disk space'),
  missing('system prune', 'Remove everything unused'),
  missing('update, container update', 'Change the limits of containers'),
  missing('volume', 'Work with volumes'),
];

function leaf(paths: string, summary: string, load: () => Promise<{ command: Command }>): Leaf {
  return { paths: paths.split(', '), summary, load };
}

function missing(paths: string, summary: string): Missing {
  return { paths: paths.split(', '), summary };
}

export type Found =
  | { kind: 'leaf'; leaf: Leaf; path: string; rest: readonly string[] }
  | { kind: 'missing'; path: string }
  | { kind: 'group'; group: Group; rest: readonly string[] }
  | { kind: 'nothing'; word: string };

/** What `words` (the command line after the global flags) call. */
export function find(words: readonly string[]): Found {
  const [first = '', second = ''] = words;
  for (const depth of [2, 1]) {
    const path = depth === 2 ? `${first} ${second}` : first;
    const leaf = COMMANDS.find(({ paths }) => paths.includes(path));
    if (leaf) return { kind: 'leaf', leaf, path, rest: words.slice(depth) };
    if (MISSING.some(({ paths }) => paths.includes(path))) return { kind: 'missing', path };
  }
  const group = GROUPS.find(({ name }) => name === first);
  return group ? { kind: 'group', group, rest: words.slice(1) } : { kind: 'nothing', word: first };
}
