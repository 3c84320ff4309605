/** After a power cut: says what is there, and runs every image once. */
import { docker, ok, startDaemon } from './support.ts';

await startDaemon();
for (const id of (await ok('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean)) {
  const { status } = await docker('inspect', id);
  console.log(`VM has container ${id} ${status}`);
}
for (const name of (await ok('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').filter(Boolean)) {
  const { status, stderr } = await docker(
    'run',
    '--rm',
    '--net=none',
    name,
    'sh',
    '-c',
    'for f in $(find / -xdev -type f); do cat $f; done | md5sum',
  );
  console.log(`VM has image ${name} ${status} ${JSON.stringify(stderr)}`);
}
console.log('VM verified');
