/**
 * URL of a worker thread's module, `name` relative to `src/` without extension (`layers/unpack-worker`). In the built
 * program every chunk lies in `dist/` and the workers under their own folder; from source they stand beside us as `.ts`.
 */
export function workerEntry(name: string): URL {
  const here = import.meta.url;
  return here.endsWith('.ts') ? new URL(`../${name}.ts`, here) : new URL(`./${name}.js`, here);
}
