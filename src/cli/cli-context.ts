import type { Ctx } from '../base/ctx.ts';
import type { Engine } from '../client/engine.ts';
import type { DockerConfig } from '../formats/docker-config.ts';
import type { Interrupt } from './interrupt.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What every command works with. */
export interface Cli {
  /** Aborted by SIGINT and SIGTERM unless the command has taken them over. */
  readonly ctx: Ctx;
  readonly env: Env;
  readonly interrupt: Interrupt;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** `--debug`. */
  readonly debug: boolean;
  /** The chosen daemon; not contacted before the first call. */
  engine(): Promise<Engine>;
  /** Docker's `config.json`. */
  config(): DockerConfig;
}
