import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { EngineError, messageOf } from '../base/errors.ts';

const ENABLED = '/sys/module/apparmor/parameters/enabled';
const PROFILES = '/sys/kernel/security/apparmor/profiles';
const PARSERS = ['/sbin/apparmor_parser', '/usr/sbin/apparmor_parser', '/usr/bin/apparmor_parser'];

/** True when the kernel confines by AppArmor. */
export function appArmorEnabled(): boolean {
  return readOr(ENABLED).startsWith('Y') && existsSync(PROFILES);
}

/** Names of the profiles the kernel has. */
export function appArmorProfiles(): string[] {
  return readOr(PROFILES)
    .split('\n')
    .map((line) => line.replace(/ \(\w+\)$/, ''))
    .filter((name) => name !== '');
}

/** The program that compiles profiles, where it is installed. */
export function appArmorParser(): string | undefined {
  return PARSERS.find((path) => existsSync(path));
}

/**
 * Compiles and loads (or replaces) a profile with apparmor_parser(8): the kernel takes only compiled policy, and there is
 * one compiler. Once per start of the daemon, never on a request's path. Throws `system` with the parser's own words.
 */
export function loadAppArmorProfile(text: string): Promise<void> {
  const parser = appArmorParser();
  if (parser === undefined) {
    throw new EngineError('system', 'apparmor_parser is not installed: install the package apparmor');
  }
  return new Promise((resolve, reject) => {
    const child = spawn(parser, ['--skip-cache', '--replace'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    const fail = (why: string, cause?: unknown): void =>
      reject(new EngineError('system', `loading the AppArmor profile: ${why}`, { cause }));
    child.stderr.on('data', (data: Buffer) => {
      complaint = (complaint + data.toString()).slice(-2000);
    });
    child.on('error', (error) => fail(messageOf(error), error));
    child.on('close', (code) => (code === 0 ? resolve() : fail(complaint.trim() || `exit status ${code}`)));
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
