/** The power is cut at random moments of pull, create and run; what was acknowledged is there after the next boot. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeImage } from '../support/image.ts';
import { busyboxTar } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';
import { createMachine, vmUnavailable } from '../support/vm.ts';

const ROUNDS = Number(process.env['GANTRY_POWER_CUTS'] ?? 4);
const IMAGES = 12;

/** A registry's storage directory with small images of their own layers, and the list of their names. */
async function registryWithImages(dir: string): Promise<string[]> {
  await using registry = await startRegistry();
  const busybox = readFileSync(busyboxTar());
  const names: string[] = [];
  for (let i = 0; i < IMAGES; i++) {
    const files = Array.from({ length: 200 }, (_, n) => [`f${n}`, `${i} ${n}\n`.repeat(200)]);
    const name = `img${i}:latest`;
    await registry.push(
      makeImage({ layers: [busybox, Object.fromEntries(files)], config: { Cmd: ['sh'] } }),
      name,
    );
    names.push(name);
  }
  cpSync(registry.directory, join(dir, 'registry'), { recursive: true });
  writeFileSync(join(dir, 'tags'), names.join('\n'));
  return names;
}

test('power cuts', { skip: vmUnavailable() ?? false }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-vm-'));
  try {
    await registryWithImages(dir);
    const machine = await createMachine(dir, {
      'images/busybox.tar': busyboxTar(),
      'images/registry': join(dir, 'registry'),
      'images/tags': join(dir, 'tags'),
    });
    for (let round = 0; round < ROUNDS; round++) {
      const delay = 200 + Math.random() * 6000;
      await t.test(`cut ${Math.round(delay)} ms after the first acknowledgement`, async () => {
        const disk = machine.dataDisk('data', 1024);
        const acknowledged = await churnAndCut(machine.boot('churn', disk), delay);
        const found = await verify(machine.boot('verify', disk));
        for (const each of acknowledged) assert.ok(found.has(each), `${each} was acknowledged and is gone`);
      });
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

async function churnAndCut(
  boot: ReturnType<Awaited<ReturnType<typeof createMachine>>['boot']>,
  delay: number,
): Promise<string[]> {
  const acknowledged: string[] = [];
  const console: string[] = [];
  for await (const line of boot.lines) {
    console.push(line);
    const each = /VM ack (.*)/.exec(line)?.[1];
    if (!each) continue;
    if (acknowledged.length === 0) setTimeout(boot.cut, delay);
    acknowledged.push(each.trim());
  }
  await boot.off;
  assert.ok(acknowledged.length > 0, `nothing was acknowledged:\n${console.join('\n')}`);
  return acknowledged;
}

async function verify(
  boot: ReturnType<Awaited<ReturnType<typeof createMachine>>['boot']>,
): Promise<Set<string>> {
  const found = new Set<string>();
  const console: string[] = [];
  for await (const line of boot.lines) {
    console.push(line);
    const [, what, status] = /VM has ((?:container|image) \S+) (\d+)/.exec(line) ?? [];
    if (what && status === '0') found.add(what);
  }
  assert.ok(
    console.some((line) => line.includes('VM verified')),
    console.join('\n'),
  );
  return found;
}
