/**
 * Pulls, creates and runs for ever, and says on the console what was acknowledged; the power is cut outside. The line is
 * printed only after docker has reported success.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { importBusybox, ok, run, startDaemon } from './support.ts';

mkdirSync('/data/registry', { recursive: true });
writeFileSync(
  '/tmp/registry.yml',
  'version: 0.1\nstorage: {filesystem: {rootdirectory: /images/registry}, maintenance: {readonly: {enabled: true}}}\nhttp: {addr: "127.0.0.1:5000"}\n',
);
spawn('docker-registry', ['serve', '/tmp/registry.yml'], { stdio: 'ignore' });
await startDaemon();
if (!existsSync('/data/seeded')) {
  await importBusybox();
  writeFileSync('/data/seeded', '');
  await run('sync', []);
}
const acknowledged = (text: string): boolean => process.stdout.write(`VM ack ${text}\n`);
for (const tag of readFileSync('/images/tags', 'utf8').trim().split('\n')) {
  await ok('pull', '-q', `127.0.0.1:5000/${tag}`);
  acknowledged(`image 127.0.0.1:5000/${tag}`);
  const id = await ok('create', '--net=none', `127.0.0.1:5000/${tag}`, 'true');
  acknowledged(`container ${id}`);
  const ran = await ok('run', '-d', '--net=none', 'box', 'sh', '-c', 'exit 3');
  acknowledged(`container ${ran}`);
}
