import { readIfThere } from './docker-config.ts';
import type { TlsMaterial } from './endpoint.ts';

/** What `https.request` takes. */
export interface TlsOptions {
  ca?: string[];
  cert?: string;
  key?: string;
  rejectUnauthorized: boolean;
}

/**
 * The options for a connection to a daemon. Without a CA of its own it trusts what Node trusts, `NODE_EXTRA_CA_CERTS`
 * included: the launcher keeps that from Node itself, which would read it at every start.
 */
export async function tlsOptions({ ca, cert, key, verify }: TlsMaterial): Promise<TlsOptions> {
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  const extraText = extra ? readIfThere(extra) : undefined;
  let trusted: string[] | undefined = ca === undefined ? undefined : [ca];
  if (!trusted && extraText !== undefined) {
    const { rootCertificates } = await import('node:tls');
    trusted = [...rootCertificates, extraText];
  }
  return {
    ...(trusted && { ca: trusted }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    rejectUnauthorized: verify,
  };
}
