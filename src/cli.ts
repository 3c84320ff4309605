import { once } from 'node:events';
import { main } from './cli/main.ts';

/** Runs the command line of this process and ends it. */
async function start(): Promise<void> {
  const { GANTRY_EXTRA_CA_CERTS: certificates } = process.env;
  if (certificates !== undefined) {
    process.env['NODE_EXTRA_CA_CERTS'] = certificates;
    delete process.env['GANTRY_EXTRA_CA_CERTS'];
  }
  const code = await main(process.argv.slice(2), process.env);
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableNeedDrain) await once(stream, 'drain');
  }
  // Idle connections and a paused stdin must not keep us.
  process.exit(code);
}

void start();
