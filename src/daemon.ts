import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { authRoutes } from './api/auth-routes.ts';
import { containerRoutes } from './api/container-routes.ts';
import { execRoutes } from './api/exec-routes.ts';
import { imageArchiveRoutes } from './api/image-archive-routes.ts';
import { imageRoutes } from './api/image-routes.ts';
import { listen, parseHost } from './api/listen.ts';
import { createApiServer } from './api/server.ts';
import { systemRoutes } from './api/system-routes.ts';
import { backgroundCtx } from './base/ctx.ts';
import { EngineError, messageOf } from './base/errors.ts';
import { createLog, type Log } from './base/log.ts';
import {
  type DaemonConfig,
  daemonHelp,
  parseDaemonFile,
  parseDaemonFlags,
  resolveConfig,
  type Settings,
} from './engine/daemon-config.ts';
import { reconcileImages } from './engine/gc.ts';
import { type OpenedEngine, openEngine } from './engine/open.ts';
import { reconcile } from './engine/reconcile.ts';
import { VERSION } from './engine/version.ts';
import { O_CREAT, O_RDWR } from './kernel/constants.ts';
import { openPath } from './kernel/fd.ts';
import { tryLock } from './kernel/files.ts';

/** Beside this program, wherever that is: built or from source. */
const SHIM = join(import.meta.dirname, '../native/build/gantry-shim');
const DEFAULT_CONFIG_FILE = '/etc/gantry/daemon.json';

/** The configuration file's settings; none when the default one does not exist. */
function readConfigFile(named: string | undefined): Settings {
  const file = named ?? DEFAULT_CONFIG_FILE;
  try {
    return parseDaemonFile(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    if (named === undefined && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return new Map();
    throw new EngineError(
      'invalid',
      `unable to configure the daemon with file ${file}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Makes the roots and takes the data root for this process alone, until it ends. */
function takeRoots(config: DaemonConfig): void {
  mkdirSync(config.dataRoot, { recursive: true, mode: 0o710 });
  chmodSync(config.dataRoot, 0o710);
  mkdirSync(config.execRoot, { recursive: true, mode: 0o711 });
  const lock = openPath(join(config.dataRoot, 'lock'), O_CREAT | O_RDWR, 0o600);
  if (!tryLock(lock)) {
    throw new EngineError('conflict', `another gantryd uses the data root ${config.dataRoot}`);
  }
  writeFileSync(config.pidfile, `${process.pid}\n`);
}

async function listenAll(server: Server, config: DaemonConfig): Promise<string[]> {
  const addresses: string[] = [];
  for (const host of config.hosts) addresses.push(await listen(server, parseHost(host), config.group));
  return addresses;
}

/** On SIGTERM or SIGINT the daemon leaves; containers stay under their shims. */
function leaveOnSignal(server: Server, engine: OpenedEngine, config: DaemonConfig, log: Log): void {
  let leaving = false;
  const leave = async (signal: string): Promise<void> => {
    if (leaving) return;
    leaving = true;
    log.info('leaving; containers go on', { signal });
    server.close();
    server.closeAllConnections();
    await engine.close();
    rmSync(config.pidfile, { force: true });
    process.exit(0);
  };
  process.on('SIGTERM', () => void leave('SIGTERM'));
  process.on('SIGINT', () => void leave('SIGINT'));
  process.on('SIGHUP', () =>
    log.warn('the configuration is read at start only; restart gantryd to change it'),
  );
}

async function serve(config: DaemonConfig, log: Log): Promise<void> {
  takeRoots(config);
  for (const reason of config.ignored) log.debug('option without effect', { option: reason });
  const opened = await openEngine(backgroundCtx(log), config, SHIM);
  const { engine, images } = opened;
  await reconcile(backgroundCtx(log), engine);
  await reconcileImages(backgroundCtx(log), images);
  const routes = [
    ...systemRoutes(engine),
    ...containerRoutes(engine),
    ...execRoutes(engine),
    ...authRoutes(images.registries),
    ...imageArchiveRoutes(images),
    ...imageRoutes(images, engine.config.snapshotter === 'overlay' ? 'overlay2' : 'copy'),
  ];
  const server = createApiServer(routes, log, `Gantry/${VERSION} (linux)`);
  const addresses = await listenAll(server, config);
  leaveOnSignal(server, opened, config, log);
  process.stdout.write(`gantryd: API listen on ${addresses.join(', ')}\n`);
}

async function main(args: readonly string[]): Promise<void> {
  process.title = 'gantryd';
  const command = parseDaemonFlags(args);
  if (command.help) return void process.stdout.write(daemonHelp());
  if (command.version) return void process.stdout.write(`Gantry version ${VERSION}\n`);
  const config = resolveConfig(command.settings, readConfigFile(command.configFile));
  for (const host of config.hosts) parseHost(host);
  if (command.validate) return void process.stdout.write('configuration OK\n');
  const log = createLog(
    () => config.logLevel,
    (line) => process.stderr.write(line),
  );
  // One request's bug must not take the others' containers out of sight.
  process.on('uncaughtException', (error) =>
    log.error('unexpected error', { error: error.stack ?? error.message }),
  );
  process.on('unhandledRejection', (error) =>
    log.error('unexpected error', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  );
  await serve(config, log);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`gantryd: ${messageOf(error)}\n`);
  process.exit(1);
});
