import { EngineError } from '../base/errors.ts';

/** `container:REF` of a namespace mode: REF; `undefined` for any other mode. Throws `invalid` when REF is missing. */
export function containerOf(mode: string): string | undefined {
  if (mode !== 'container' && !mode.startsWith('container:')) return undefined;
  const ref = mode.slice('container:'.length);
  if (ref === '') throw new EngineError('invalid', 'invalid container format container:<name|id>');
  return ref;
}

/** The network modes there are, told apart from the names of networks. */
export type NetworkMode =
  | { readonly kind: 'none' }
  | { readonly kind: 'host' }
  | { readonly kind: 'container'; readonly ref: string }
  /** `default`, `bridge` or a name. */
  | { readonly kind: 'network'; readonly name: string };

export function parseNetworkMode(mode: string): NetworkMode {
  const ref = containerOf(mode);
  if (ref !== undefined) return { kind: 'container', ref };
  if (mode === 'none' || mode === 'host') return { kind: mode };
  return { kind: 'network', name: mode === '' ? 'default' : mode };
}
