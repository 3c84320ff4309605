import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../formats/reference.ts';
import { endpointsFor, isInsecureHost, parseMirror } from './endpoints.ts';

function urls(reference: string, mirrors: string[], insecure: string[] = []): string[] {
  const { domain } = parseReference(reference);
  const own = mirrors.map(parseMirror).filter((mirror) => mirror.domain === domain);
  const found = endpointsFor(domain, own, (host) => insecure.includes(host));
  return [...found.mirrors, found.registry].map(
    ({ origin, namespace, verifyTls }) => `${verifyTls ? '' : 'insecure '}${origin.href}${namespace}`,
  );
}

const ROWS: { name: string; reference: string; mirrors?: string[]; insecure?: string[]; want: string[] }[] = [
  { name: 'docker.io has its own host', reference: 'busybox', want: ['https://registry-1.docker.io/'] },
  { name: 'any other registry is its domain', reference: 'ghcr.io/a/b', want: ['https://ghcr.io/'] },
  {
    name: 'mirrors come first',
    reference: 'busybox',
    mirrors: ['https://m1.example', 'http://m2.example:5000/'],
    want: ['https://m1.example/', 'http://m2.example:5000/', 'https://registry-1.docker.io/'],
  },
  {
    name: 'other registries do not see the mirrors of docker.io',
    reference: 'quay.io/x',
    mirrors: ['https://m1.example', 'docker.io=https://m2.example'],
    want: ['https://quay.io/'],
  },
  {
    name: 'a mirror of one registry, with a path',
    reference: 'quay.io/x',
    mirrors: ['https://m1.example', 'quay.io=https://harbor.example/proxy/quay/'],
    want: ['https://harbor.example/proxy/quay/', 'https://quay.io/'],
  },
  {
    name: 'insecure is judged host by host',
    reference: 'quay.io/x',
    mirrors: ['quay.io=https://m.example:444'],
    insecure: ['m.example:444'],
    want: ['insecure https://m.example:444/', 'https://quay.io/'],
  },
];
for (const { name, reference, mirrors = [], insecure, want } of ROWS) {
  test(`endpoints: ${name}`, () => assert.deepEqual(urls(reference, mirrors, insecure), want));
}

for (const text of [
  'mirror.example',
  'ftp://m',
  'https://u:p@m',
  'https://m/?x',
  'https://m/#x',
  'a b=https://m',
  'quay.io=m',
  '',
]) {
  test(`no mirror: ${text}`, () => {
    assert.throws(() => parseMirror(text), { kind: 'invalid', message: /^invalid (mirror: |reference)/ });
  });
}

const INSECURE: { host: string; addresses?: string[]; list?: string[]; want: boolean }[] = [
  { host: 'localhost:5000', want: true },
  { host: '127.0.0.1:5000', want: true },
  { host: '127.8.8.8', want: true },
  { host: '[::1]:5000', want: true },
  { host: 'registry.example', want: false },
  { host: 'registry.test', addresses: ['127.0.0.2'], want: true },
  { host: 'registry.example:5000', list: ['registry.example:5000'], want: true },
  { host: 'registry.example:5000', list: ['registry.example'], want: false },
  { host: '10.1.2.3:5000', list: ['10.0.0.0/8'], want: true },
  { host: 'registry.example', addresses: ['192.0.2.1', '10.9.9.9'], list: ['10.0.0.0/8'], want: true },
  { host: '[2001:db8::1]:5000', list: ['2001:db8::/32'], want: true },
  { host: '11.1.2.3', list: ['10.0.0.0/8', 'nonsense/8', '10.0.0.0/99'], want: false },
];
for (const { host, addresses = [], list = [], want } of INSECURE) {
  test(`${host} ${addresses.join(' ')} is ${want ? 'insecure' : 'secure'} with [${list.join(' ')}]`, () => {
    assert.equal(isInsecureHost(host, addresses, list), want);
  });
}
