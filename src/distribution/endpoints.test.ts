import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../formats/reference.ts';
import { endpointsFor, isInsecureHost, parseMirror } from './endpoints.ts';
import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from './registry-config.ts';

function urls(reference: string, config: Partial<RegistryConfig>, insecure: string[] = []): string[] {
  const { domain } = parseReference(reference);
  const found = endpointsFor(domain, { ...DEFAULT_REGISTRY_CONFIG, ...config }, (host) =>
    insecure.includes(host),
  );
  return [...found.mirrors, found.registry].map(
    ({ origin, namespace, verifyTls }) => `${verifyTls ? '' : 'insecure '}${origin.href}${namespace}`,
  );
}

const ROWS: {
  name: string;
  reference: string;
  config?: Partial<RegistryConfig>;
  insecure?: string[];
  want: string[];
}[] = [
  { name: 'docker.io has its own host', reference: 'busybox', want: ['https://registry-1.docker.io/'] },
  { name: 'any other registry is its domain', reference: 'ghcr.io/a/b', want: ['https://ghcr.io/'] },
  {
    name: 'mirrors come first, of docker.io only',
    reference: 'busybox',
    config: { mirrors: ['https://m1.example', 'http://m2.example:5000/'] },
    want: ['https://m1.example/', 'http://m2.example:5000/', 'https://registry-1.docker.io/'],
  },
  {
    name: 'other registries do not see docker.io’s mirrors',
    reference: 'quay.io/x',
    config: { mirrors: ['https://m1.example'] },
    want: ['https://quay.io/'],
  },
  {
    name: 'a mirror of one registry, with a path',
    reference: 'quay.io/x',
    config: { mirrorsByRegistry: { 'quay.io': ['https://harbor.example/proxy/quay/'] } },
    want: ['https://harbor.example/proxy/quay/', 'https://quay.io/'],
  },
  {
    name: 'insecure is judged host by host',
    reference: 'quay.io/x',
    config: { mirrorsByRegistry: { 'quay.io': ['https://m.example:444'] } },
    insecure: ['m.example:444'],
    want: ['insecure https://m.example:444/', 'https://quay.io/'],
  },
];
for (const { name, reference, config = {}, insecure, want } of ROWS) {
  test(`endpoints: ${name}`, () => assert.deepEqual(urls(reference, config, insecure), want));
}

for (const text of ['mirror.example', 'ftp://m', 'https://u:p@m', 'https://m/?x', 'https://m/#x', '']) {
  test(`no mirror: ${text}`, () => {
    assert.throws(() => parseMirror(text), { kind: 'invalid', message: /^invalid mirror: / });
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
