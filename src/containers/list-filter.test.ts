import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { asImageId, digestOf } from '../formats/digest.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { DEFAULT_HOST_CONFIG } from './host-config.ts';
import { compileListFilter, type ListLookup } from './list-filter.ts';
import { type ContainerRecord, parseContainerId } from './record.ts';
import { CREATED, ZERO_TIME } from './state.ts';

const IMAGE = asImageId(digestOf('image'));

function container(digit: string, change: Partial<ContainerRecord>): ContainerRecord {
  return {
    id: parseContainerId(digit.padEnd(64, '0')),
    name: `c${digit}`,
    createdAt: `2025-01-01T00:00:0${digit}Z`,
    imageId: IMAGE,
    architecture: 'amd64',
    config: DEFAULT_CONFIG,
    hostConfig: DEFAULT_HOST_CONFIG,
    mounts: [],
    state: CREATED,
    restartCount: 0,
    stoppedByUser: false,
    ...change,
  };
}

const exit = { startedAt: ZERO_TIME, finishedAt: ZERO_TIME, oomKilled: false, error: '' };
const all = [
  container('1', {
    name: 'web-front',
    state: { status: 'running', pid: 1, startedAt: ZERO_TIME, finishedAt: ZERO_TIME },
    config: { ...DEFAULT_CONFIG, labels: { tier: 'front', app: 'x' }, exposedPorts: ['80/tcp', '53/udp'] },
  }),
  container('2', {
    name: 'web-back',
    state: { status: 'exited', code: 3, ...exit },
    imageId: asImageId(digestOf('other')),
    config: { ...DEFAULT_CONFIG, labels: { tier: 'back' } },
    hostConfig: {
      ...DEFAULT_HOST_CONFIG,
      networkMode: 'host',
      portBindings: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
    },
  }),
  container('3', {
    name: 'db',
    mounts: [
      {
        type: 'bind',
        source: '/srv/db',
        destination: '/data',
        mode: '',
        rw: true,
        bind: {
          propagation: '',
          nonRecursive: false,
          createMountpoint: true,
          readOnlyNonRecursive: false,
          readOnlyForceRecursive: false,
        },
      },
    ],
  }),
];

const lookup: ListLookup = {
  container: (ref) => {
    const found = all.find(({ name }) => name === ref);
    assert.ok(found, ref);
    return found;
  },
  byPrefix: (prefix) => all.find(({ id }) => id.startsWith(prefix))?.id,
  imageFamily: (ref) => (ref === 'image' ? [IMAGE] : []),
};

const rows: { filter: Record<string, string[]>; want: string[] }[] = [
  { filter: {}, want: ['web-front', 'web-back', 'db'] },
  { filter: { name: ['web'] }, want: ['web-front', 'web-back'] },
  { filter: { name: ['^db$'] }, want: ['db'] },
  { filter: { name: ['^/db$'] }, want: ['db'] },
  { filter: { name: ['back', 'db'] }, want: ['web-back', 'db'] },
  { filter: { name: ['('] }, want: [] },
  { filter: { id: ['2'] }, want: ['web-back'] },
  { filter: { id: ['1'], name: ['db'] }, want: [] },
  { filter: { status: ['exited', 'created'] }, want: ['web-back', 'db'] },
  { filter: { exited: ['3'] }, want: ['web-back'] },
  { filter: { exited: ['0'] }, want: [] },
  { filter: { label: ['tier'] }, want: ['web-front', 'web-back'] },
  { filter: { label: ['tier=front', 'app'] }, want: ['web-front'] },
  { filter: { label: ['tier=front', 'tier=back'] }, want: [] },
  { filter: { ancestor: ['image'] }, want: ['web-front', 'db'] },
  { filter: { ancestor: ['nothing'] }, want: [] },
  { filter: { before: ['db'] }, want: ['web-front', 'web-back'] },
  { filter: { since: ['web-front'] }, want: ['web-back', 'db'] },
  { filter: { since: ['web-front'], before: ['db'] }, want: ['web-back'] },
  { filter: { network: ['host'] }, want: ['web-back'] },
  { filter: { volume: ['/data'] }, want: ['db'] },
  { filter: { volume: ['/srv/db'] }, want: ['db'] },
  { filter: { publish: ['8000-8100'] }, want: ['web-back'] },
  { filter: { publish: ['80'] }, want: [] },
  { filter: { expose: ['53/udp'] }, want: ['web-front'] },
  { filter: { expose: ['53'] }, want: [] },
  { filter: { health: ['none'] }, want: ['web-front', 'web-back', 'db'] },
  { filter: { health: ['healthy'] }, want: [] },
  { filter: { 'is-task': ['false'] }, want: ['web-front', 'web-back', 'db'] },
  { filter: { 'is-task': ['true'] }, want: [] },
];

for (const { filter, want } of rows) {
  test(`ps filter ${JSON.stringify(filter)}`, () => {
    const { matches } = compileListFilter(new Map(Object.entries(filter)), lookup);
    assert.deepEqual(
      all.filter(matches).map(({ name }) => name),
      want,
    );
  });
}

test('a status filter means stopped containers too', () => {
  assert.equal(compileListFilter(new Map([['status', ['running']]]), lookup).all, true);
  assert.equal(compileListFilter(new Map([['name', ['x']]]), lookup).all, false);
});

for (const [field, value, message] of [
  ['colour', 'red', "invalid filter 'colour'"],
  ['status', 'asleep', "invalid filter 'status=asleep'"],
  ['exited', 'x', "invalid filter 'exited=x'"],
  ['health', 'poor', "invalid filter 'health=poor'"],
  ['is-task', 'maybe', "invalid filter 'is-task=maybe'"],
  ['publish', '99999', "invalid port range in filter 'publish=99999': expected PORT[-PORT][/PROTO]"],
] as const) {
  test(`ps refuses ${field}=${value}`, () => {
    assert.throws(
      () => compileListFilter(new Map([[field, [value]]]), lookup),
      (error) => isEngineError(error, 'invalid') && error.message === message,
    );
  });
}
