import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { EngineError, messageOf } from '../../base/errors.ts';

/** Where distributions keep the certificates of the authorities they trust; the first that exists counts. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Whom to trust and who to be, per registry host: the system's authorities, plus `*.crt` in `CERTS.D/HOST[:PORT]/`, plus the
 * client certificate `*.cert` with its `*.key` there (Docker's layout). Read once per host.
 */
export class TrustStore {
  readonly #certDirs: readonly string[];
  readonly #contexts = new Map<string, Promise<SecureContext>>();
  #system: Promise<string> | undefined;

  constructor(certDirs: readonly string[]) {
    this.#certDirs = certDirs;
  }

  /** The TLS context for `host` (`HOST[:PORT]`). Throws `invalid` naming the file that cannot be used. */
  contextFor(host: string): Promise<SecureContext> {
    const known = this.#contexts.get(host);
    if (known) return known;
    const made = this.#make(host);
    this.#contexts.set(host, made);
    // A mended directory is read again.
    made.catch(() => this.#contexts.delete(host));
    return made;
  }

  async #make(host: string): Promise<SecureContext> {
    const own = await this.#hostFiles(host);
    this.#system ??= systemRoots();
    const system = await this.#system;
    try {
      return createSecureContext({
        ca: [system, ...own.authorities],
        ...(own.cert && own.key && { cert: own.cert, key: own.key }),
      });
    } catch (cause) {
      const where = this.#certDirs.map((dir) => join(dir, host)).join(' or ');
      throw new EngineError('invalid', `bad certificate or key in ${where}: ${messageOf(cause)}`, { cause });
    }
  }

  async #hostFiles(host: string): Promise<{ authorities: string[]; cert?: string; key?: string }> {
    for (const certDir of this.#certDirs) {
      const dir = join(certDir, host);
      const names = await readdir(dir).catch(() => undefined);
      if (names) return readHostFiles(dir, names.sort());
    }
    return { authorities: [] };
  }
}

async function readHostFiles(
  dir: string,
  names: readonly string[],
): Promise<{ authorities: string[]; cert?: string; key?: string }> {
  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
  const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
  const certName = names.find((name) => name.endsWith('.cert'));
  if (certName === undefined) {
    const lonely = names.find((name) => name.endsWith('.key'));
    if (lonely === undefined) return { authorities };
    throw new EngineError('invalid', `missing client certificate for key ${join(dir, lonely)}`);
  }
  const keyName = certName.replace(/\.cert$/, '.key');
  if (!names.includes(keyName)) {
    const hint = 'certificates of authorities must end in .crt';
    throw new EngineError(
      'invalid',
      `missing key ${keyName} for client certificate ${certName} in ${dir} (${hint})`,
    );
  }
  return { authorities, cert: await read(certName), key: await read(keyName) };
}

/** The authorities this machine trusts, as PEM: `SSL_CERT_FILE`, else the distribution's, else those Node brings. */
async function systemRoots(): Promise<string> {
  const files = [process.env['SSL_CERT_FILE'], ...SYSTEM_BUNDLES].filter((file) => file !== undefined);
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text.includes('BEGIN CERTIFICATE')) return text;
  }
  return rootCertificates.join('\n');
}
