/** Puts the terminal into raw mode until disposed of; also restored when the program ends in any other way. */
export class RawMode {
  readonly #stdin: NodeJS.ReadStream;
  readonly #restore = (): void => {
    this.#stdin.setRawMode(false);
  };

  constructor(stdin: NodeJS.ReadStream) {
    this.#stdin = stdin;
    stdin.setRawMode(true);
    process.on('exit', this.#restore);
  }

  [Symbol.dispose](): void {
    process.off('exit', this.#restore);
    this.#restore();
  }
}
