import { parseNano } from './clock.ts';
import {
  booleanFilter,
  checkFields,
  type Filters,
  invalidFilter,
  matchLabels,
  matchLoosely,
  valuesOf,
} from './filters.ts';
import { matchesPorts, type PortRange, parsePortFilter } from './port-filter.ts';
import type { ContainerId, ContainerRecord } from './record.ts';
import { type ContainerStatus, exitCodeOf } from './state.ts';

const FIELDS = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];
const STATUSES: readonly ContainerStatus[] = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
];
const HEALTH = ['none', 'starting', 'healthy', 'unhealthy'];

/** What a filter must ask of the rest of the engine. */
export interface ListLookup {
  /** The container a user means. Throws `not-found`. */
  container(ref: string): ContainerRecord;
  /** The container whose ID begins with `prefix`, when there is just one. */
  byPrefix(prefix: string): ContainerId | undefined;
  /** IDs of the image a user means and of every image built on it; empty when there is none. */
  imageFamily(ref: string): readonly string[];
}

/** A checked list request. */
export interface ListFilter {
  /** Stopped containers too: asked for, or implied by a `status` filter. */
  readonly all: boolean;
  matches(record: ContainerRecord): boolean;
}

/**
 * Compiles the filters of `GET /containers/json`. Values of one field are alternatives, fields are requirements; labels
 * must all hold. Errors: `invalid` (unknown field, bad value), `not-found` (before, since).
 */
export function compileListFilter(filters: Filters, lookup: ListLookup): ListFilter {
  checkFields(filters, FIELDS);
  const tests = [
    idTest(filters, lookup),
    statusTest(filters),
    exitedTest(filters),
    healthTest(filters),
    taskTest(filters),
    ancestorTest(filters, lookup),
    orderTest(filters, lookup),
    portTest(filters, 'publish', publishedPorts),
    portTest(filters, 'expose', exposedPorts),
    volumeTest(filters),
    networkTest(filters),
    (record: ContainerRecord) =>
      matchLoosely(filters, 'name', record.name) || matchLoosely(filters, 'name', `/${record.name}`),
    (record: ContainerRecord) => matchLabels(filters, 'label', record.config.labels),
  ];
  return {
    all: valuesOf(filters, 'status') !== undefined,
    matches: (record) => tests.every((test) => test(record)),
  };
}

type Test = (record: ContainerRecord) => boolean;
const PASS: Test = () => true;

function idTest(filters: Filters, lookup: ListLookup): Test {
  const prefixes = valuesOf(filters, 'id');
  if (!prefixes) return PASS;
  const ids = new Set(prefixes.map((prefix) => lookup.byPrefix(prefix)));
  return (record) => ids.has(record.id);
}

function statusTest(filters: Filters): Test {
  const wanted = valuesOf(filters, 'status');
  if (!wanted) return PASS;
  for (const value of wanted) {
    if (!STATUSES.some((status) => status === value)) throw invalidFilter('status', value);
  }
  return (record) => wanted.includes(record.state.status);
}

function exitedTest(filters: Filters): Test {
  const wanted = valuesOf(filters, 'exited');
  if (!wanted) return PASS;
  const codes = wanted.map((value) => {
    if (!/^[+-]?\d{1,9}$/.test(value)) throw invalidFilter('exited', value);
    return Number(value);
  });
  return ({ state }) => state.status === 'exited' && codes.includes(exitCodeOf(state));
}

function healthTest(filters: Filters): Test {
  const wanted = valuesOf(filters, 'health');
  if (!wanted) return PASS;
  for (const value of wanted) if (!HEALTH.includes(value)) throw invalidFilter('health', value);
  return () => wanted.includes('none');
}

function taskTest(filters: Filters): Test {
  return booleanFilter(filters, 'is-task') === true ? () => false : PASS;
}

function ancestorTest(filters: Filters, lookup: ListLookup): Test {
  const refs = valuesOf(filters, 'ancestor');
  if (!refs) return PASS;
  const images = new Set(refs.flatMap((ref) => lookup.imageFamily(ref)));
  return (record) => images.has(record.imageId);
}

/** `before` and `since` compare creation times; of several, the last given counts. */
function orderTest(filters: Filters, lookup: ListLookup): Test {
  const before = valuesOf(filters, 'before')?.at(-1);
  const since = valuesOf(filters, 'since')?.at(-1);
  const upper = before === undefined ? undefined : lookup.container(before);
  const lower = since === undefined ? undefined : lookup.container(since);
  return (record) =>
    (upper === undefined || olderThan(record, upper)) && (lower === undefined || olderThan(lower, record));
}

/** Creation order; records of the same instant are told apart by ID. */
export function olderThan(a: ContainerRecord, b: ContainerRecord): boolean {
  const [left, right] = [parseNano(a.createdAt) ?? 0n, parseNano(b.createdAt) ?? 0n];
  return left === right ? a.id < b.id : left < right;
}

function portTest(
  filters: Filters,
  field: string,
  portsOf: (record: ContainerRecord) => readonly string[],
): Test {
  const wanted = valuesOf(filters, field);
  if (!wanted) return PASS;
  const ranges: PortRange[] = wanted.map((value) => parsePortFilter(field, value));
  return (record) => portsOf(record).some((port) => matchesPorts(ranges, port));
}

function publishedPorts({ hostConfig }: ContainerRecord): readonly string[] {
  return Object.entries(hostConfig.portBindings).flatMap(([port, bindings]) =>
    bindings.map(({ hostPort }) => `${hostPort}/${port.split('/')[1] ?? 'tcp'}`),
  );
}

function exposedPorts({ config }: ContainerRecord): readonly string[] {
  return config.exposedPorts;
}

function volumeTest(filters: Filters): Test {
  const wanted = valuesOf(filters, 'volume');
  if (!wanted) return PASS;
  return (record) =>
    record.mounts.some(
      (mount) =>
        wanted.includes(mount.destination) || (mount.type === 'bind' && wanted.includes(mount.source)),
    );
}

function networkTest(filters: Filters): Test {
  const wanted = valuesOf(filters, 'network');
  if (!wanted) return PASS;
  return ({ hostConfig }) => wanted.includes(hostConfig.networkMode);
}
