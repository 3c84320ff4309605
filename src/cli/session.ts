import type { Ctx } from '../base/ctx.ts';
import { silentLog } from '../base/log.ts';
import { configDir, loadDockerConfig } from '../client/docker-config.ts';
import { resolveEndpoint } from '../client/endpoint.ts';
import { Engine } from '../client/engine.ts';
import type { DockerConfig } from '../formats/docker-config.ts';
import type { Cli, Env } from './cli-context.ts';
import { ExitError } from './exit.ts';
import type { Values } from './flags/flag.ts';
import type { GLOBALS } from './globals.ts';
import type { Interrupt } from './interrupt.ts';
import { CLIENT_VERSION } from './version-info.ts';

/** One run of the command line: connects only when a command asks for the daemon. */
export class Session implements Cli {
  readonly env: Env;
  readonly interrupt: Interrupt;
  readonly ctx: Ctx;
  readonly debug: boolean;
  readonly #globals: Values<typeof GLOBALS>;
  #engine: Promise<Engine> | undefined;
  #config: DockerConfig | undefined;

  constructor(env: Env, globals: Values<typeof GLOBALS>, interrupt: Interrupt) {
    this.env = env;
    this.interrupt = interrupt;
    this.ctx = { signal: interrupt.signal, log: silentLog };
    this.debug = globals.debug;
    this.#globals = globals;
  }

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    return process.stdout;
  }

  get stderr(): NodeJS.WriteStream {
    return process.stderr;
  }

  engine(): Promise<Engine> {
    this.#engine ??= this.#connect();
    return this.#engine;
  }

  config(): DockerConfig {
    this.#config ??= loadDockerConfig(configDir(this.env, this.#globals.config));
    return this.#config;
  }

  async #connect(): Promise<Engine> {
    const { host, context, tls, tlsverify, tlscacert, tlscert, tlskey } = this.#globals;
    if (host.length > 1) throw new ExitError(1, 'specify only one -H');
    const flags = {
      tls,
      ...(host[0] !== undefined && { host: host[0] }),
      ...(context !== undefined && { context }),
      ...(tlsverify !== undefined && { tlsverify }),
      ...(tlscacert !== undefined && { tlscacert }),
      ...(tlscert !== undefined && { tlscert }),
      ...(tlskey !== undefined && { tlskey }),
    };
    const dir = configDir(this.env, this.#globals.config);
    const endpoint = await resolveEndpoint(flags, this.env, dir, () => this.config());
    const { HttpHeaders } = this.config();
    return new Engine(endpoint, {
      userAgent: `Gantry-Client/${CLIENT_VERSION} (linux)`,
      headers: HttpHeaders,
      ...(this.env['DOCKER_API_VERSION'] && { apiVersion: this.env['DOCKER_API_VERSION'] }),
    });
  }
}
