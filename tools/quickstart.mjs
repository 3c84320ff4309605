// `npm run quickstart`: installs, builds, starts a daemon if none answers, runs a first container and says what to try
// next. What follows `--` goes to gantryd; DOCKER_HOST chooses the socket.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, ensureInstalled, root } from './files.mjs';

const DEFAULT_HOST = 'unix:///run/gantry/gantry.sock';
const host = process.env.DOCKER_HOST ?? DEFAULT_HOST;
const socket = host.replace(/^unix:\/\//, '');
const gantry = join(root, 'bin/gantry');
const env = { ...process.env, DOCKER_HOST: host };

function step(text) {
  console.log(`\n▸ ${text}`);
}

function answers() {
  return new Promise((resolve) => {
    const client = connect(socket);
    client.once('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', () => resolve(false));
  });
}

async function startDaemon(extra) {
  if (process.getuid?.() !== 0) {
    console.error('No daemon answers, and starting one needs root: run `sudo npm run quickstart`.');
    process.exit(1);
  }
  const log = `${socket}.log`;
  mkdirSync(dirname(socket), { recursive: true });
  const out = openSync(log, 'a');
  const daemon = spawn(join(root, 'bin/gantryd'), ['-H', host, ...extra], {
    detached: true,
    stdio: ['ignore', out, out],
  });
  daemon.unref();
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (await answers()) return console.log(`  gantryd runs as process ${daemon.pid}, its log is ${log}`);
    if (daemon.exitCode !== null) break;
    await sleep(50);
  }
  console.error(`gantryd did not start. Its log: ${log}`);
  process.exit(1);
}

function run(...args) {
  console.log(`  $ gantry ${args.join(' ')}`);
  const { status } = spawnSync(gantry, args, { env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

step('Installing and building');
ensureInstalled();
if (!existsSync(join(root, 'dist/daemon.js')) || !existsSync(join(root, 'native/build/gantry-shim'))) build();
console.log('  dist/ and native/build/ are ready');

step(`Looking for a daemon at ${host}`);
if (await answers()) console.log('  one answers');
else await startDaemon(process.argv.slice(2));

step('Loading the starter image and running it');
run('load', '-q', '-i', join(root, 'dist/hello.tar'));
run('run', '--rm', '--network', 'none', 'hello');

const put = host === DEFAULT_HOST ? '' : `DOCKER_HOST=${host} `;
console.log(`What to try next:
  ${put}bin/gantry ps -a                       what runs, what ran
  ${put}bin/gantry images                      what is here to run
  ${put}bin/gantry run -it --network host debian bash     a shell in an image from a registry
  DOCKER_HOST=${host} docker ps   the stock docker client works too
  bin/gantry --help                      all commands
To stop the daemon (containers stay): kill its process; to start it again: sudo bin/gantryd
`);
