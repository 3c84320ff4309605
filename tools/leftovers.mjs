// What runs of the engine may leave on a machine: mounts, processes, cgroups, links. Tests compare before and after.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /gantry/;

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function mounts() {
  return read('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((target) => NAME.test(target))
    .map((target) => `mount ${target}`);
}

function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => /gantry-shim|gantryd|docker-registry serve/.test(command))
    .map(({ pid, command }) => `process ${pid} ${command.slice(0, 120)}`);
}

function cgroups(dir = '/sys/fs/cgroup', depth = 5) {
  if (depth === 0) return [];
  let entries = [];
  try {
    entries = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    return NAME.test(entry.name) ? [`cgroup ${path}`] : cgroups(path, depth - 1);
  });
}

function links() {
  return readdirSync('/sys/class/net')
    .filter((name) => /gantry|gtry/.test(name))
    .map((name) => `link ${name}`);
}

/** One line per thing found, comparable between two calls. */
export function leftovers() {
  return [...mounts(), ...processes(), ...cgroups(), ...links()];
}
