import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Member } from './lab.ts';

/** The same sequence of numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return (state >>> 8) % below;
  };
}

const NAMES = ['a', 'b', 'c', 'long-'.repeat(30), 'ünï', 'sp ace', 'wh.x', '..dots', 'new\nline'];

/** Members of a layer with directories three deep, files, links of both kinds, devices and attributes. */
export function randomTree(seed: number): Member[] {
  const random = randomFrom(seed);
  const members: Member[] = [{ name: './' }];
  const files: string[] = [];
  const fill = (path: string, depth: number): void => {
    for (const name of NAMES) {
      const at = path + name;
      const common = {
        name: at,
        mode: [0o644, 0o600, 0o4755, 0o777][random(4)] ?? 0,
        uid: random(3) * 500,
        mtime: { sec: 1_000_000_000 + random(1_000_000), nsec: random(1_000_000_000) },
      };
      switch (random(depth > 2 ? 6 : 8)) {
        case 0:
          members.push({
            ...common,
            type: 'symlink',
            linkname: NAMES[random(NAMES.length)] ?? '',
            mode: 0o777,
          });
          break;
        case 1:
          if (files.length > 0)
            members.push({ name: at, type: 'hardlink', linkname: files[random(files.length)] ?? '' });
          break;
        case 2:
          members.push({ ...common, type: 'fifo' });
          break;
        case 3:
          members.push({ ...common, xattrs: [{ name: 'user.x', value: Buffer.from([random(256), 0, 10]) }] });
          break;
        case 4:
        case 5:
          members.push({ ...common, body: `${at} `.repeat(random(50)) });
          files.push(at);
          break;
        default:
          members.push({ ...common, name: `${at}/`, mode: [0o755, 0o700, 0o1777][random(3)] ?? 0 });
          fill(`${at}/`, depth + 1);
      }
    }
  };
  fill('', 0);
  return members;
}

/** Does to the tree at `root` what containers do: writes, removes, renames, links, makes directories anew. */
export function randomChanges(seed: number, root: string): void {
  const random = randomFrom(seed + 1000);
  const entries = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? [path, ...entries(path)] : [path];
    });
  for (let i = 0; i < 40; i++) {
    const all = entries(root);
    const path = all[random(all.length)];
    if (path === undefined || !existsSync(join(path, '..'))) continue;
    change(random, path, join(root, `made-${i}`));
  }
}

function change(random: (below: number) => number, path: string, fresh: string): void {
  const stat = lstatSync(path);
  switch (random(9)) {
    case 0:
      rmSync(path, { recursive: true });
      break;
    case 1:
      rmSync(path, { recursive: true });
      mkdirSync(path);
      writeFileSync(join(path, 'a'), 'anew');
      break;
    case 2:
      if (stat.isFile()) appendFileSync(path, 'more');
      break;
    case 3:
      if (stat.isFile() || stat.isDirectory()) chmodSync(path, 0o711);
      break;
    case 4:
      if (!stat.isSymbolicLink()) chownSync(path, random(5), random(5));
      break;
    case 5:
      // Without redirect_dir overlay refuses to rename a directory of a lower layer.
      if (!stat.isDirectory()) renameSync(path, fresh);
      break;
    case 6:
      rmSync(path, { recursive: true });
      symlinkSync('somewhere', path);
      break;
    case 7:
      if (stat.isFile()) linkSync(path, fresh);
      break;
    default:
      if (stat.isDirectory()) writeFileSync(join(path, 'added'), String(random(1000)));
      else if (stat.isFile()) utimesSync(path, 1e9, 1e9 + 0.5);
  }
}
