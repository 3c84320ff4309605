import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyConfigFromEnv } from '../registry-config.ts';
import { proxyFor } from './proxy.ts';

const proxy = { http: 'http://plain:3128', https: 'http://secure:3128' };

// The rules of NO_PROXY are those of Go's net/http.
const ROWS: { url: string; no?: string; want: string | undefined }[] = [
  { url: 'https://registry.example/v2/', want: 'http://secure:3128/' },
  { url: 'http://registry.example/v2/', want: 'http://plain:3128/' },
  { url: 'http://localhost:5000/', want: undefined },
  { url: 'https://127.0.0.1:5000/', want: undefined },
  { url: 'https://[::1]/', want: undefined },
  { url: 'https://registry.example/', no: '*', want: undefined },
  { url: 'https://registry.example/', no: 'registry.example', want: undefined },
  { url: 'https://sub.registry.example/', no: 'registry.example', want: undefined },
  { url: 'https://sub.registry.example/', no: '.registry.example', want: undefined },
  { url: 'https://registry.example/', no: '.registry.example', want: 'http://secure:3128/' },
  { url: 'https://notregistry.example/', no: 'registry.example', want: 'http://secure:3128/' },
  { url: 'https://registry.example:5000/', no: 'registry.example:5000', want: undefined },
  { url: 'https://registry.example:5001/', no: 'registry.example:5000', want: 'http://secure:3128/' },
  { url: 'https://registry.example/', no: 'a, Registry.Example:443 ,b', want: undefined },
  { url: 'https://10.1.2.3/', no: '10.0.0.0/8', want: undefined },
  { url: 'https://10.1.2.3:5000/', no: '10.1.2.3', want: undefined },
  { url: 'https://11.1.2.3/', no: '10.0.0.0/8,1.2.3', want: 'http://secure:3128/' },
  { url: 'https://[2001:db8::1]/', no: '2001:db8::/32', want: undefined },
  { url: 'https://[2001:db8::1]/', no: '2001:db8::1', want: undefined },
];
for (const { url, no, want } of ROWS) {
  test(`proxy for ${url} except ${no ?? 'none'}`, () => {
    assert.equal(proxyFor(new URL(url), { ...proxy, ...(no && { no }) })?.href, want);
  });
}

test('variables in capitals or not, and a proxy without scheme', () => {
  const config = proxyConfigFromEnv({ https_proxy: 'proxy:3128', HTTP_PROXY: '', NO_PROXY: 'x' });
  assert.deepEqual(config, { https: 'proxy:3128', no: 'x' });
  assert.equal(proxyFor(new URL('https://a.example/'), config)?.href, 'http://proxy:3128/');
});
