import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSysctls, sysctlPath } from './sysctls.ts';

const paths = [
  { in: 'net.ipv4.ip_forward', want: 'net/ipv4/ip_forward' },
  { in: 'net.ipv4.conf.eno2/100.rp_filter', want: 'net/ipv4/conf/eno2.100/rp_filter' },
  { in: 'net/ipv4/conf/eno2.100/rp_filter', want: 'net/ipv4/conf/eno2.100/rp_filter' },
];
for (const { in: name, want } of paths) {
  test(`sysctl path: ${name}`, () => assert.equal(sysctlPath(name), want));
}

for (const name of [
  '',
  'kernel',
  'net..ipv4',
  'net/../kernel',
  'net/./x',
  'net.ipv4 x',
  'net.\n',
  '/net/x',
]) {
  test(`sysctl path: ${JSON.stringify(name)} is none`, () => {
    assert.throws(() => sysctlPath(name), { kind: 'invalid', message: /is no name of a sysctl/ });
  });
}

const own = { network: true, ipc: true, uts: true };
const none = { network: false, ipc: false, uts: false };
const rows = [
  { name: 'net.core.somaxconn', host: /not allowed in host network namespace/ },
  { name: 'kernel.msgmax', host: /not allowed in the hosts ipc namespace/ },
  { name: 'fs.mqueue.msg_max', host: /not allowed in the hosts ipc namespace/ },
  { name: 'kernel.domainname', host: /not allowed in the hosts UTS namespace/ },
  { name: 'kernel.hostname', host: /conflicts/, own: /conflicts with the OCI 'hostname' field/ },
  { name: 'kernel.panic', host: /separate/, own: /is not in a separate kernel namespace/ },
  { name: 'fs.file-max', host: /separate/, own: /is not in a separate kernel namespace/ },
];
for (const row of rows) {
  test(`sysctl ${row.name} needs the namespace it belongs to`, () => {
    assert.throws(() => checkSysctls([row.name], none), { kind: 'invalid', message: row.host });
    if (row.own) assert.throws(() => checkSysctls([row.name], own), { kind: 'invalid', message: row.own });
    else checkSysctls([row.name], own);
  });
}
