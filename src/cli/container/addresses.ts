import { isIP } from 'node:net';
import { EngineError } from '../../base/errors.ts';

const DOMAIN =
  /^(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))(:?\.(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])))*)\.?\s*$/;

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** `92:d0:c6:0a:29:33`, also with dashes or as `92d0.c60a.2933`; 6, 8 or 20 bytes, as Go's `net.ParseMAC` takes them. */
export function isMacAddress(text: string): boolean {
  const bytes =
    /^(?:[\da-fA-F]{2}(?::[\da-fA-F]{2})+|[\da-fA-F]{2}(?:-[\da-fA-F]{2})+|[\da-fA-F]{4}(?:\.[\da-fA-F]{4})+)$/.test(
      text,
    );
  return bytes && [6, 8, 20].includes(text.replace(/[:.-]/g, '').length / 2);
}

/** An IP address, for `--dns` and `--link-local-ip`. Throws `invalid`. */
export function checkIp(text: string): string {
  const trimmed = text.trim();
  return isIP(trimmed) === 0 ? fail(`IP address is not correctly formatted: ${text}`) : trimmed;
}

/** A `--dns-search` domain. Throws `invalid`. */
export function checkDomain(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '.') return trimmed;
  return DOMAIN.test(trimmed) && trimmed.length <= 255 ? trimmed : fail(`${text} is not a valid domain`);
}

/** An `--add-host`: `HOST:IP`, `HOST=IP` or with `host-gateway`; always answered as `HOST:IP`. Throws `invalid`. */
export function checkExtraHost(text: string): string {
  const [, host = '', ip] = /^([^=:]*)[=:](.*)$/s.exec(text) ?? [];
  if (host === '' || ip === undefined || ip === '') fail(`bad format for add-host: ${JSON.stringify(text)}`);
  const address = (ip ?? '').replace(/^\[(.*)\]$/, '$1');
  if (address !== 'host-gateway' && isIP(address) === 0) {
    fail(`invalid IP address in add-host: ${JSON.stringify(ip)}`);
  }
  return `${host}:${address}`;
}

/** A `--link`: `NAME[:ALIAS]`. Throws `invalid`. */
export function checkLink(text: string): string {
  if (text === '') fail('empty string specified for links');
  return text.split(':').length > 2 ? fail(`bad format for links: ${text}`) : text;
}
