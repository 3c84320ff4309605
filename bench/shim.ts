/** `node --import tsx bench/shim.ts [RUNS]`: what a container costs without the engine around it: time and memory. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectShim } from '../src/kernel/shim-client.ts';
import { createShim } from '../src/kernel/shim-create.ts';
import { ctx, Lab } from '../test/shim/lab.ts';

const runs = Number(process.argv[2] ?? 100);
await using lab = new Lab();
const times: Record<string, number[]> = { create: [], start: [], exit: [], all: [] };
for (let i = 0; i < runs; i++) {
  await sleep(40); // until the next shim stands ready, as it does between requests
  const spec = lab.spec();
  const begun = performance.now();
  const creation = await createShim(ctx, lab.image, spec);
  const created = performance.now();
  await creation.start(ctx, [{ op: 'exec', argv: ['/bin/true'], env: [] }]);
  const started = performance.now();
  await connectShim(spec.runDir).wait(ctx);
  const ended = performance.now();
  times['create']?.push(created - begun);
  times['start']?.push(started - created);
  times['exit']?.push(ended - started);
  times['all']?.push(ended - begun);
}
for (const [name, values] of Object.entries(times)) {
  const median = values.sort((a, b) => a - b)[runs >> 1] ?? 0;
  console.log(`${name.padEnd(8)} ${median.toFixed(2)} ms`);
}
const container = await lab.run('sleep 100');
const rollup = readFileSync(`/proc/${container.creation.shimPid}/smaps_rollup`, 'utf8');
for (const name of ['Rss', 'Pss', 'Private_Dirty']) {
  console.log(`${name.padEnd(14)} ${RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]} KiB`);
}
