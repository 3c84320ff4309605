// Writes V8's code cache of a bundled command line: compiles it, has it do its most frequent work against a daemon that
// answers from a table, and keeps what was compiled on the way. Usage: make-code-cache.mjs BUNDLE CACHE
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';

const [bundle, cache] = process.argv.slice(2);
const COMMANDS = [
  ['ps'],
  ['images'],
  ['version'],
  ['run', '-d', 'x'],
  ['rm', 'x'],
  ['logs', 'x'],
  ['inspect', 'x'],
];
const container = {
  Id: 'a'.repeat(64),
  Names: ['/a'],
  Image: 'a',
  ImageID: '',
  Command: 'a',
  Created: 1,
  Ports: [{ PrivatePort: 1, Type: 'tcp' }],
  Labels: {},
  State: 'running',
  Status: 'Up',
  HostConfig: {},
  NetworkSettings: { Networks: {} },
  Mounts: [],
  Config: {},
};
const image = { Id: container.Id, RepoTags: ['a:b'], RepoDigests: [], Created: 1, Size: 1, Labels: {} };

const dir = mkdtempSync(join(tmpdir(), 'gantry-cache-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const server = createServer((request, reply) => {
  const path = request.url?.replace(/^\/v[\d.]+|\?.*$/g, '') ?? '';
  const answer = { '/containers/json': [container], '/images/json': [image] }[path] ?? container;
  reply.setHeader('Api-Version', '1.51').setHeader('Content-Type', 'application/json');
  reply.end(path.endsWith('/logs') ? '' : JSON.stringify(answer));
});
await new Promise((resolve) => server.listen(join(dir, 's'), resolve));

// Exactly the text that the loader compiles, or the cache does not fit.
const source = `(function(require,process){${readFileSync(bundle, 'latin1')}\n})`;
const script = new Script(source, { filename: bundle });
const nowhere = { write: () => true, on: () => nowhere, writableNeedDrain: false };
const env = { PATH: process.env.PATH, DOCKER_HOST: `unix://${dir}/s`, DOCKER_CONFIG: dir };
for (const args of COMMANDS) {
  await new Promise((resolve) => {
    const own = { argv: ['node', 'gantry', ...args], env, exit: resolve, stdout: nowhere, stderr: nowhere };
    const fake = new Proxy(process, { get: (target, key) => own[key] ?? bound(target, target[key]) });
    script.runInThisContext()(createRequire(bundle), fake);
  });
}
writeFileSync(cache, script.createCachedData());
server.close();
server.closeAllConnections();
process.exit(0);

function bound(target, value) {
  return typeof value === 'function' ? value.bind(target) : value;
}
