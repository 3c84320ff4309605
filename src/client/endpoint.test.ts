import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseDockerConfig } from '../formats/docker-config.ts';
import { formatAddress } from './address.ts';
import { loadDockerConfig } from './docker-config.ts';
import { type EndpointFlags, resolveEndpoint } from './endpoint.ts';

const dir = mkdtempSync(join(tmpdir(), 'gantry-endpoint-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const id = createHash('sha256').update('remote').digest('hex');
mkdirSync(join(dir, 'contexts/meta', id), { recursive: true });
mkdirSync(join(dir, 'contexts/tls', id, 'docker'), { recursive: true });
const meta = { Name: 'remote', Endpoints: { docker: { Host: 'tcp://far:1', SkipTLSVerify: false } } };
writeFileSync(join(dir, 'contexts/meta', id, 'meta.json'), JSON.stringify(meta));
writeFileSync(join(dir, 'contexts/tls', id, 'docker/ca.pem'), 'CA');
writeFileSync(join(dir, 'ca.pem'), 'DEFAULT CA');

const ROWS: readonly {
  name: string;
  flags?: EndpointFlags;
  env?: Record<string, string>;
  current?: string;
  want: [context: string, address: string, ca?: string | undefined, verify?: boolean];
}[] = [
  { name: 'nothing said', want: ['default', 'unix:///run/gantry/gantry.sock'] },
  { name: 'DOCKER_HOST', env: { DOCKER_HOST: 'unix:///x' }, want: ['default', 'unix:///x'] },
  {
    name: '--host wins',
    flags: { host: 'tcp://h:5' },
    env: { DOCKER_HOST: 'unix:///x' },
    want: ['default', 'tcp://h:5'],
  },
  { name: 'the current context', current: 'remote', want: ['remote', 'tcp://far:1', 'CA', true] },
  {
    name: 'DOCKER_HOST wins over it',
    current: 'remote',
    env: { DOCKER_HOST: 'unix:///x' },
    want: ['default', 'unix:///x'],
  },
  { name: 'DOCKER_CONTEXT', env: { DOCKER_CONTEXT: 'remote' }, want: ['remote', 'tcp://far:1', 'CA', true] },
  {
    name: '--context wins over DOCKER_HOST',
    flags: { context: 'remote' },
    env: { DOCKER_HOST: 'unix:///x' },
    want: ['remote', 'tcp://far:1', 'CA', true],
  },
  {
    name: '--context default',
    flags: { context: 'default' },
    current: 'remote',
    want: ['default', 'unix:///run/gantry/gantry.sock'],
  },
  {
    name: 'DOCKER_TLS_VERIFY',
    env: { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: dir },
    want: ['default', 'tcp://h:2376', 'DEFAULT CA', true],
  },
  {
    name: '--tls does not verify',
    flags: { host: 'tcp://h', tls: true },
    want: ['default', 'tcp://h:2376', 'DEFAULT CA', false],
  },
  {
    name: '--tlscacert',
    flags: { host: 'tcp://h', tlsverify: true, tlscacert: join(dir, 'contexts/tls', id, 'docker/ca.pem') },
    want: ['default', 'tcp://h:2376', 'CA', true],
  },
];

for (const row of ROWS) {
  test(`which daemon: ${row.name}`, async () => {
    const config = () => parseDockerConfig(JSON.stringify({ currentContext: row.current }), 'config.json');
    const endpoint = await resolveEndpoint(row.flags ?? {}, row.env ?? {}, dir, config);
    const { context, address, tls } = endpoint;
    const [wantContext, wantAddress, ca, verify] = row.want;
    assert.deepEqual(
      [context, formatAddress(address), tls?.ca, tls?.verify],
      [wantContext, wantAddress, ca, verify],
    );
  });
}

test('what cannot be chosen is said', async () => {
  const none = () => parseDockerConfig('', 'config.json');
  await assert.rejects(resolveEndpoint({ host: 'a', context: 'b' }, {}, dir, none), /conflicting options/);
  await assert.rejects(
    resolveEndpoint({ context: 'nope' }, {}, dir, none),
    /context "nope": context not found/,
  );
  await assert.rejects(
    resolveEndpoint({ host: 'tcp://h', tls: true, tlscert: '/nope' }, {}, dir, none),
    /could not read TLS file/,
  );
});

test('the configuration file', () => {
  assert.equal(loadDockerConfig(join(dir, 'none')).psFormat, undefined);
  writeFileSync(join(dir, 'config.json'), '{"psFormat":"x"}');
  assert.equal(loadDockerConfig(dir).psFormat, 'x');
  for (const text of ['{', '[]', '"x"']) {
    writeFileSync(join(dir, 'config.json'), text);
    assert.throws(() => loadDockerConfig(dir), { kind: 'invalid', message: /config\.json/ });
  }
});
