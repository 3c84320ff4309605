import assert from 'node:assert/strict';
import test from 'node:test';
import { hostsFile, type ResolverSettings, resolvConf } from './network-files.ts';

test('/etc/hosts knows localhost and what the user adds', () => {
  const text = hostsFile(['db:10.0.0.5', 'six:[fd00::1]', 'alt=10.0.0.6']);
  assert.match(text, /^127\.0\.0\.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n/);
  assert.match(text, /\n10\.0\.0\.5\tdb\nfd00::1\tsix\n10\.0\.0\.6\talt\n$/);
});

test('with the host’s network, the host’s /etc/hosts is the base', () => {
  assert.equal(
    hostsFile(['db:10.0.0.5'], '127.0.0.1 localhost myhost'),
    '127.0.0.1 localhost myhost\n10.0.0.5\tdb\n',
  );
});

const HOST = '# made by hand\nnameserver 192.0.2.1\nsearch example.org\noptions ndots:1\n';
const none: ResolverSettings = { dns: [], dnsSearch: [], dnsOptions: [] };
const rows: { name: string; settings: ResolverSettings; want: string }[] = [
  { name: 'nothing given: the host’s', settings: none, want: HOST },
  {
    name: 'servers',
    settings: { ...none, dns: ['192.0.2.2', 'fd00::53'] },
    want: 'nameserver 192.0.2.2\nnameserver fd00::53\nsearch example.org\noptions ndots:1\n',
  },
  {
    name: 'search domains and options',
    settings: { ...none, dnsSearch: ['a.test', 'b.test'], dnsOptions: ['rotate', 'timeout:1'] },
    want: 'nameserver 192.0.2.1\nsearch a.test b.test\noptions rotate timeout:1\n',
  },
  {
    name: 'no search domains',
    settings: { ...none, dnsSearch: ['.'] },
    want: 'nameserver 192.0.2.1\noptions ndots:1\n',
  },
];

for (const { name, settings, want } of rows) {
  test(`/etc/resolv.conf: ${name}`, () => assert.equal(resolvConf(HOST, settings), want));
}
