import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program in the guest. */
export function run(command: string, args: readonly string[], input?: Buffer): Promise<Result> {
  return new Promise((done) => {
    const child = execFile(command, args, { maxBuffer: 1 << 26, encoding: 'utf8' }, (error, stdout, stderr) =>
      done({ status: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The stock docker CLI against the guest's daemon. */
export function docker(...args: string[]): Promise<Result> {
  return run('docker', ['-H', 'unix:///run/gantry/gantry.sock', ...args]);
}

/** docker, expected to succeed; answers its output. */
export async function ok(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(...args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: exit ${status}: ${stderr}`);
  return stdout.trim();
}

/** Starts a daemon on the data disk and waits until it listens. */
export async function startDaemon(): Promise<ChildProcess> {
  const daemon = spawn(process.execPath, ['/gantry/dist/daemon.js', '--data-root', '/data/gantry'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const onData = (data: Buffer): void => {
      output += data.toString();
      if (output.includes('API listen on')) resolve();
    };
    daemon.stdout?.on('data', onData);
    daemon.stderr?.on('data', onData);
    daemon.once('exit', (code) => reject(new Error(`gantryd ended (${code}): ${output}`)));
  });
  return daemon;
}

export async function importBusybox(): Promise<void> {
  const { status, stderr } = await run(
    'docker',
    ['-H', 'unix:///run/gantry/gantry.sock', 'import', '-', 'box'],
    readFileSync('/images/busybox.tar'),
  );
  if (status !== 0) throw new Error(`import: ${stderr}`);
}

/** Runs one check and reports it on the console, where the test outside reads it. */
export async function check(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    console.log(`VM ok ${name}`);
  } catch (error) {
    console.log(
      `VM not ok ${name}: ${JSON.stringify(error instanceof Error ? error.message : String(error))}`,
    );
  }
}

export function equal(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }
}

export function match(actual: string, expected: RegExp): void {
  if (!expected.test(actual)) throw new Error(`expected ${expected}, got ${JSON.stringify(actual)}`);
}
