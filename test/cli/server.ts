import { startGantryd } from '../support/daemon.ts';
import { noDockerd, startDockerd } from '../support/reference-daemon.ts';

/** `GANTRY_TEST_SERVER=gantryd` runs the command line's tests against our own daemon (built, `npm run build`). */
const OWN = process.env['GANTRY_TEST_SERVER'] === 'gantryd';

/** Why the tests that compare with docker cannot run here; undefined when they can. */
export const noServer = noDockerd;

export interface TestServer {
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  stop(): Promise<void>;
}

/** A daemon for one test file. */
export async function startServer(): Promise<TestServer> {
  if (!OWN) return startDockerd();
  const daemon = await startGantryd({ args: ['--bridge', 'none'] });
  return { host: daemon.host, stop: async () => daemon[Symbol.asyncDispose]() };
}
