import { EngineError } from '../../base/errors.ts';
// biome-ignore lint/correctness/useYield: placeholder
export async function* unzstd(_source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  throw new EngineError('not-implemented', 'zstd');
}
