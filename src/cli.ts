import { once } from 'node:events';
import { constants } from 'node:os';
import { main } from './cli/main.ts';

/** Runs the command line of this process and ends it. */
async function start(): Promise<void> {
  const { GANTRY_EXTRA_CA_CERTS: certificates } = process.env;
  if (certificates !== undefined) {
    process.env['NODE_EXTRA_CA_CERTS'] = certificates;
    delete process.env['GANTRY_EXTRA_CA_CERTS'];
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endOfPipe);
  const code = await main(process.argv.slice(2), process.env);
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableNeedDrain) await once(stream, 'drain');
  }
  // Idle connections and a paused stdin must not keep us.
  process.exit(code);
}

/** Nobody reads on: end as a program without a handler for SIGPIPE does. */
function endOfPipe(error: Error): void {
  if ('code' in error && error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
  throw error;
}

void start();
