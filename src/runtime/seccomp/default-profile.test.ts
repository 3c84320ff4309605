import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Seccomp } from '../spec.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { parseProfile } from './parse-profile.ts';
import type { Profile } from './profile.ts';
import { type ProfileTarget, resolveProfile } from './resolve.ts';

const root = join(import.meta.dirname, '../../..');
const folder = process.env['GANTRY_REFERENCE'] ?? join(root, '../shared/reference');
const file = join(folder, 'seccomp-default.json');
const skip = existsSync(file) ? false : `no reference profile at ${file}; set GANTRY_REFERENCE`;

const CAPABILITIES = Object.keys(
  Object.fromEntries(
    DEFAULT_PROFILE.syscalls.flatMap((rule) => (rule.includes?.caps ?? []).map((cap) => [cap, true])),
  ),
);
const CAP_SETS = [[], CAPABILITIES, ['CAP_CHOWN', 'CAP_SYS_CHROOT'], ...CAPABILITIES.map((cap) => [cap])];
const KERNELS = [
  { major: 4, minor: 7 },
  { major: 4, minor: 8 },
  { major: 6, minor: 18 },
];

/** Each name with all that is said about it, in an order of no account. */
function byName(seccomp: Seccomp | undefined): Map<string, string[]> {
  const rules = new Map<string, string[]>();
  for (const { names, action, errnoRet, args = [] } of seccomp?.syscalls ?? []) {
    const conditions = args
      .map(({ index, op, value, valueTwo = 0 }) => `arg${index} ${op} ${value} ${valueTwo}`)
      .sort();
    const verdict = `${action} ${errnoRet ?? ''} ${conditions.join(' and ')}`;
    for (const name of names) {
      rules.set(name, [...new Set([...(rules.get(name) ?? []), verdict])].sort());
    }
  }
  return new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compare(reference: Profile, target: ProfileTarget): void {
  const ours = resolveProfile(DEFAULT_PROFILE, target);
  const theirs = resolveProfile(reference, target);
  assert.deepEqual(byName(ours), byName(theirs));
  assert.equal(ours?.defaultAction, theirs?.defaultAction);
  assert.equal(ours?.defaultErrnoRet, theirs?.defaultErrnoRet);
  assert.deepEqual(ours?.architectures, theirs?.architectures);
}

test('the default profile says what the reference says, for every capability, architecture and kernel', {
  skip,
}, () => {
  const reference = parseProfile(readFileSync(file, 'utf8'));
  for (const arch of ['amd64', 'arm64'] as const) {
    for (const capabilities of CAP_SETS) {
      for (const kernel of KERNELS) compare(reference, { arch, capabilities, kernel });
    }
  }
});

test('conditions of the default profile are those of the reference, also for architectures we do not run on', {
  skip,
}, () => {
  const reference = parseProfile(readFileSync(file, 'utf8'));
  const flat = (profile: Profile): string[] =>
    profile.syscalls
      .flatMap(({ names, ...rule }) =>
        names.map((name) =>
          JSON.stringify([
            name,
            rule.action,
            rule.errnoRet ?? null,
            (rule.args ?? []).map(({ index, value, valueTwo = 0, op }) => [
              index,
              `${value}`,
              `${valueTwo}`,
              op,
            ]),
            [...(rule.includes?.caps ?? [])].sort(),
            [...(rule.includes?.arches ?? [])].sort(),
            rule.includes?.minKernel ?? '',
            [...(rule.excludes?.caps ?? [])].sort(),
            [...(rule.excludes?.arches ?? [])].sort(),
          ]),
        ),
      )
      .sort();
  assert.deepEqual(flat(DEFAULT_PROFILE), flat(reference));
});

test('no name is listed twice among those always allowed', () => {
  const names = DEFAULT_PROFILE.syscalls[0]?.names ?? [];
  assert.equal(new Set(names).size, names.length);
});
