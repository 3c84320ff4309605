import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from './daemon.ts';
import { blobsOf, makeImage, type TestBlob, type TestImage, tarOfDirectory, writeLayout } from './image.ts';

/** Accepted by a registry started with `auth: true`. */
export const USER = 'gantry';
export const PASSWORD = 'secret';
const HTPASSWD = `${USER}:$2b$04$qqZGv1fxRWJOvRGf80TcJ.iE4OjGHquunVSeQjEaKL991JpwCxGZy\n`;

export interface RegistryOptions {
  /** Ask for {@link USER} and {@link PASSWORD} by basic authentication. */
  readonly auth?: boolean;
  /** Serve TLS with a certificate of its own authority ({@link TestRegistry.caFile}). */
  readonly tls?: boolean;
  /** Be a pull-through cache of this registry's URL. */
  readonly proxyOf?: string;
}

/** A real registry (the `docker-registry` program) on a loopback port, with its own directory. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`: the domain of references to it. */
  readonly domain: string;
  readonly url: string;
  /** Where it keeps what was pushed. */
  readonly directory: string;
  /** The authority's certificate, when serving TLS. */
  readonly caFile: string;
  /** Pushes an image; `name` is `REPOSITORY[:TAG]`. */
  push(image: TestImage, name: string): Promise<void>;
  /** Pushes an index with its images. */
  pushIndex(index: TestBlob, images: readonly TestImage[], name: string): Promise<void>;
  /** Pushes an image of one layer: the tree under `dir`. Returns the reference, `DOMAIN/NAME`. */
  pushDirectory(dir: string, name: string, config?: Readonly<Record<string, unknown>>): Promise<string>;
  /** What the registry has logged. */
  log(): string;
}

/** Starts a registry and waits until it listens. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const base = mkdtempSync(join(tmpdir(), 'gantry-registry-'));
  const caFile = join(base, 'ca.crt');
  if (options.tls) makeCertificate(base);
  writeFileSync(join(base, 'htpasswd'), HTPASSWD);
  writeFileSync(join(base, 'config.yml'), configOf(base, options));
  // Ends with this process, however that ends.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'docker-registry', 'serve', join(base, 'config.yml')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OTEL_TRACES_EXPORTER: 'none' },
    },
  );
  let log = '';
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(base, { recursive: true, force: true });
  };
  const port = new Promise<string>((done, fail) => {
    const onData = (data: Buffer): void => {
      log += data.toString();
      const listening = /listening on 127\.0\.0\.1:(\d+)/.exec(log);
      if (listening?.[1]) done(listening[1]);
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('error', fail);
    child.once('exit', () => fail(new Error(`docker-registry ended:\n${log}`)));
    setTimeout(() => fail(new Error(`docker-registry does not listen:\n${log}`)), 20_000).unref();
  });
  const domain = await port.then(
    (number) => `127.0.0.1:${number}`,
    async (error) => {
      await dispose();
      throw error;
    },
  );
  const pushBlobs = async (blobs: readonly TestBlob[], top: TestBlob, name: string): Promise<void> => {
    const dir = mkdtempSync(join(base, 'push-'));
    writeLayout(dir, blobs, top);
    const credentials = options.auth ? ['--dest-creds', `${USER}:${PASSWORD}`] : [];
    const args = [
      '--insecure-policy',
      'copy',
      '--all',
      '--preserve-digests',
      '--dest-tls-verify=false',
      ...credentials,
    ];
    const result = await exec('skopeo', [...args, `oci:${dir}:latest`, `docker://${domain}/${name}`]);
    rmSync(dir, { recursive: true, force: true });
    if (result.status !== 0) throw new Error(`skopeo: ${result.stderr}\n${log}`);
  };
  const push = (image: TestImage, name: string): Promise<void> =>
    pushBlobs(blobsOf(image), image.manifest, name);
  return {
    domain,
    directory: join(base, 'data'),
    url: `${options.tls ? 'https' : 'http'}://${domain}`,
    caFile,
    push,
    pushIndex: (index, images, name) => pushBlobs(images.flatMap(blobsOf), index, name),
    pushDirectory: async (dir, name, config = {}) => {
      await push(makeImage({ layers: [tarOfDirectory(dir)], config }), name);
      return `${domain}/${name}`;
    },
    log: () => log,
    [Symbol.asyncDispose]: dispose,
  };
}

function configOf(base: string, options: RegistryOptions): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(base, 'data') }, delete: { enabled: true } },
    http: {
      addr: '127.0.0.1:0',
      ...(options.tls && { tls: { certificate: join(base, 'tls.crt'), key: join(base, 'tls.key') } }),
    },
    ...(options.auth && { auth: { htpasswd: { realm: 'test', path: join(base, 'htpasswd') } } }),
    ...(options.proxyOf && { proxy: { remoteurl: options.proxyOf } }),
  });
}

/** An authority (`ca.crt`) and a certificate of it for 127.0.0.1, 0.0.0.0 and localhost (`tls.crt`, `tls.key`) in `dir`. */
export function makeCertificate(dir: string): { ca: string; cert: string; key: string } {
  const [ca, caKey, cert, key] = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string];
  // The machine's own openssl.cnf must not matter.
  const config = join(dir, 'openssl.cnf');
  writeFileSync(config, '[req]\ndistinguished_name = dn\n[dn]\n');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const request = (...args: string[]): unknown =>
    execFileSync('openssl', ['req', '-config', config, '-x509', ...newKey, ...args], { stdio: 'pipe' });
  request(
    ...['-keyout', caKey, '-out', ca, '-subj', '/CN=gantry test authority'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'subjectKeyIdentifier=hash'],
  );
  request(
    ...['-keyout', key, '-out', cert, '-subj', '/CN=registry', '-CA', ca, '-CAkey', caKey],
    ...['-addext', 'subjectAltName=IP:127.0.0.1,IP:0.0.0.0,DNS:localhost'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  return { ca: readFileSync(ca, 'utf8'), cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
