import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSecurityOptions } from './security-opt.ts';

const usual = {
  noNewPrivileges: false,
  seccomp: { kind: 'default' },
  systemPathsUnconfined: false,
  writableCgroups: false,
};
const rows = [
  { in: [], want: {} },
  { in: ['no-new-privileges'], want: { noNewPrivileges: true } },
  { in: ['no-new-privileges:true'], want: { noNewPrivileges: true } },
  { in: ['no-new-privileges', 'no-new-privileges=F'], want: {} },
  { in: ['label=disable', 'label:user:x', 'disable'], want: {} },
  { in: ['apparmor=a:b'], want: { apparmor: 'a:b' } },
  { in: ['apparmor:b=c'], want: undefined },
  { in: ['seccomp=unconfined'], want: { seccomp: { kind: 'unconfined' } } },
  { in: ['seccomp=unconfined', 'seccomp=builtin'], want: {} },
  { in: ['seccomp={"a":"b=c"}'], want: { seccomp: { kind: 'profile', json: '{"a":"b=c"}' } } },
  { in: ['systempaths=unconfined'], want: { systemPathsUnconfined: true } },
  { in: ['writable-cgroups=1'], want: { writableCgroups: true } },
  { in: ['systempaths=confined'], want: undefined },
  { in: ['writable-cgroups=yes'], want: undefined },
  { in: ['nonsense'], want: undefined },
  { in: ['nonsense=1'], want: undefined },
];
for (const { in: options, want } of rows) {
  test(`security options: ${options.join(' ')}`, () => {
    if (want) assert.deepEqual(parseSecurityOptions(options), { ...usual, ...want });
    else
      assert.throws(() => parseSecurityOptions(options), {
        kind: 'invalid',
        message: /^invalid --security-opt/,
      });
  });
}
