/** Microseconds to create a 1000-byte file with owner, mode and time, and to remove it: rooted.ts beside node:fs. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { chmod, chown, setTimes } from '../src/kernel/attributes.ts';
import { removeTreeSync } from '../src/kernel/directories.ts';
import { createFile } from '../src/kernel/entries.ts';
import { closeFd, own } from '../src/kernel/fd.ts';
import { writeAll } from '../src/kernel/files.ts';
import { makeDirectories, openRoot } from '../src/kernel/rooted.ts';

const COUNT = 20_000;
const data = Buffer.alloc(1000, 'x');
const time = { sec: 1_700_000_000, nsec: 5 };

function measure(name: string, run: () => void): void {
  const start = performance.now();
  run();
  console.log(`${name.padEnd(28)} ${(((performance.now() - start) * 1000) / COUNT).toFixed(1)} us`);
}

for (const place of ['/var/tmp', '/dev/shm']) {
  using parent = own(openRoot(place));
  const path = mkdtempSync(join(place, 'gantry-bench-'));
  using root = own(openRoot(path));
  using directory = own(makeDirectories(root.fd, 'rooted'));
  measure(`${place} rooted`, () => {
    for (let i = 0; i < COUNT; i++) {
      const file = createFile(directory.fd, `f${i}`);
      writeAll(file, data);
      chown(file, '', 1000, 1000);
      chmod(file, '', 0o644);
      setTimes(file, '', time, time);
      closeFd(file);
    }
  });
  mkdirSync(join(path, 'node'));
  measure(`${place} node:fs`, () => {
    for (let i = 0; i < COUNT; i++) {
      const file = openSync(join(path, 'node', `f${i}`), 'wx', 0o600);
      writeSync(file, data);
      fchownSync(file, 1000, 1000);
      fchmodSync(file, 0o644);
      futimesSync(file, time.sec, time.sec);
      closeSync(file);
    }
  });
  measure(`${place} rooted, removal`, () => removeTreeSync(root.fd, 'rooted'));
  removeTreeSync(parent.fd, path.slice(place.length + 1));
}
