/** A piece of a process's output. With a terminal everything is `stdout`. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}
