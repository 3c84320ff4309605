import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChanges, NO_DEFAULTS } from './changes.ts';
import type { ProcessDefaults } from './config.ts';

const rows: { name: string; in: string[]; want: Partial<ProcessDefaults> }[] = [
  { name: 'exec form', in: ['CMD ["a", "b c"]'], want: { cmd: ['a', 'b c'] } },
  { name: 'shell form', in: ['cmd echo "hi"'], want: { cmd: ['/bin/sh', '-c', 'echo "hi"'] } },
  { name: 'entrypoint', in: ['ENTRYPOINT ["/e"]'], want: { entrypoint: ['/e'] } },
  { name: 'env pairs', in: ['ENV A=1 B="2 3" C=4\\ 5', 'ENV A=6'], want: { env: ['A=6', 'B=2 3', 'C=4 5'] } },
  { name: 'old env', in: ['ENV NAME some words'], want: { env: ['NAME=some words'] } },
  {
    name: 'labels',
    in: ["LABEL a=b 'c d'=e", 'LABEL "x y"="z"'],
    want: { labels: { a: 'b', 'c d': 'e', 'x y': 'z' } },
  },
  {
    name: 'ports',
    in: ['EXPOSE 80 53/UDP 7000-7002'],
    want: { exposedPorts: ['53/udp', '7000/tcp', '7001/tcp', '7002/tcp', '80/tcp'] },
  },
  { name: 'volumes', in: ['VOLUME ["/a", "/b"]', 'VOLUME /c /a'], want: { volumes: ['/a', '/b', '/c'] } },
  { name: 'workdir', in: ['WORKDIR /a/b', 'WORKDIR ../c', 'WORKDIR d'], want: { workingDir: '/a/c/d' } },
  { name: 'workdir stays inside', in: ['WORKDIR /../../etc'], want: { workingDir: '/etc' } },
  {
    name: 'user, signal',
    in: ['USER www:www', 'STOPSIGNAL SIGINT'],
    want: { user: 'www:www', stopSignal: 'SIGINT' },
  },
  { name: 'onbuild', in: ['ONBUILD RUN make'], want: { onBuild: ['RUN make'] } },
  {
    name: 'health',
    in: ['HEALTHCHECK --interval=5s --retries=3 CMD curl -f http://localhost/'],
    want: {
      healthcheck: {
        test: ['CMD-SHELL', 'curl -f http://localhost/'],
        interval: 5e9,
        timeout: 0,
        startPeriod: 0,
        startInterval: 0,
        retries: 3,
      },
    },
  },
  {
    name: 'no health',
    in: ['HEALTHCHECK NONE'],
    want: {
      healthcheck: { test: ['NONE'], interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 },
    },
  },
  { name: 'lines', in: ['USER a\n\nWORKDIR /b\n'], want: { user: 'a', workingDir: '/b' } },
];

test('changes do what the instructions of a Dockerfile do', () => {
  for (const row of rows) {
    assert.deepEqual(applyChanges(NO_DEFAULTS, row.in), { ...NO_DEFAULTS, ...row.want }, row.name);
  }
});

test('bad changes are refused by name', () => {
  const bad: [line: string, message: RegExp][] = [
    ['RUN make', /RUN is not a valid change command/],
    ['constructor x', /constructor is not a valid change command/],
    ['CMD', /CMD requires at least one argument/],
    ['EXPOSE web', /invalid containerPort: web/],
    ['EXPOSE 70000', /invalid containerPort: 70000/],
    ['ENV A=1 B', /ENV: "B": must be of the form name=value/],
    ['ENV A', /ENV must have two arguments/],
    ['ONBUILD FROM x', /FROM isn't allowed as a trigger/],
    ['HEALTHCHECK --interval=soon CMD x', /invalid duration/],
    ['HEALTHCHECK --nap=1s CMD x', /unknown flag --nap/],
    ['HEALTHCHECK GET x', /unknown type/],
    ['USER a b', /USER requires exactly one argument/],
  ];
  for (const [line, message] of bad) {
    assert.throws(() => applyChanges(NO_DEFAULTS, [line]), { kind: 'invalid', message }, line);
  }
});
