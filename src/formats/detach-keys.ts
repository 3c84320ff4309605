import { EngineError } from '../base/errors.ts';

const DEFAULT_KEYS = 'ctrl-p,ctrl-q';
/** What may stand behind `ctrl-`; its place is its code. */
const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/** Bytes of a detach sequence, `ctrl-p,ctrl-q` when absent or empty. Throws `invalid` with Docker's text. */
export function parseDetachKeys(text: string | undefined): Buffer {
  const keys = text || DEFAULT_KEYS;
  return Buffer.from(
    keys.split(',').map((key) => {
      const code = codeOf(key);
      if (code === undefined)
        throw new EngineError(
          'invalid',
          `Invalid detach keys (${keys}) provided: unknown character '${key}'`,
        );
      return code;
    }),
  );
}

function codeOf(key: string): number | undefined {
  const [byte, ...more] = Buffer.from(key);
  if (byte !== undefined && more.length === 0) return byte;
  if (key === 'DEL') return 127;
  const code = key.startsWith('ctrl-') && key.length === 6 ? CONTROL.indexOf(key.charAt(5)) : -1;
  return code < 0 ? undefined : code;
}

/**
 * Watches a terminal's input for the detach sequence. Keys that begin the sequence are held back until it is clear
 * whether the rest follows, even when they arrive in pieces.
 */
export class DetachFilter {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What of the input so far belongs to the process, and whether the sequence is complete; nothing after it counts. */
  push(chunk: Uint8Array): { data: Buffer; detached: boolean } {
    const out: number[] = [];
    for (const byte of chunk) {
      while (this.#matched > 0 && byte !== this.#keys[this.#matched]) this.#release(out);
      if (byte !== this.#keys[this.#matched]) {
        out.push(byte);
        continue;
      }
      this.#matched++;
      if (this.#matched === this.#keys.length) return { data: Buffer.from(out), detached: true };
    }
    return { data: Buffer.from(out), detached: false };
  }

  /** Gives up the first held-back key; what remains held is the longest end of the held keys that begins the sequence. */
  #release(out: number[]): void {
    for (let drop = 1; drop <= this.#matched; drop++) {
      const kept = this.#matched - drop;
      if (this.#keys.subarray(drop, this.#matched).equals(this.#keys.subarray(0, kept))) {
        out.push(...this.#keys.subarray(0, drop));
        this.#matched = kept;
        return;
      }
    }
  }
}
