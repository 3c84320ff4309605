import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const POLL_MS = 50;

/** Why no terminal can be had here; undefined when one can. */
export function noTmux(): string | undefined {
  return spawnSync('tmux', ['-V']).status === 0 ? undefined : 'tmux is not installed';
}

/** A shell in a terminal of its own, to type into and to look at. */
export class TmuxTerminal {
  readonly #dir = mkdtempSync(join(tmpdir(), 'gantry-tmux-'));

  constructor(env: Readonly<Record<string, string>>, columns = 120, rows = 30) {
    const size = ['-x', String(columns), '-y', String(rows)];
    const shell = [
      'env',
      '-u',
      'NODE_EXTRA_CA_CERTS',
      ...Object.entries(env).map((pair) => pair.join('=')),
      'PS1=$ ',
      'sh',
    ];
    this.#tmux('new-session', '-d', '-s', 't', ...size, ...shell);
  }

  /** Types a line and presses Enter. */
  type(line: string): void {
    this.#tmux('send-keys', '-t', 't', '-l', line);
    this.press('Enter');
  }

  /** Presses keys by tmux's names: `C-c`, `Enter`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', '-t', 't', ...keys);
  }

  /** What stands on the screen, and what has scrolled off it. */
  screen(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-2000', '-t', 't');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-t', 't', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until the screen shows `pattern`. */
  async waitFor(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.screen());
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${pattern} did not appear on:\n${this.screen()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  close(): void {
    this.#tmux('kill-server');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #tmux(...args: string[]): string {
    return spawnSync('tmux', ['-S', join(this.#dir, 's'), '-f', '/dev/null', ...args], { encoding: 'utf8' })
      .stdout;
  }
}
