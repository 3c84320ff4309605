import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a worker thread on the module `name`, relative to `src/` without extension (`layers/unpack-worker`). In the built
 * program every chunk lies in `dist/` and the workers under their own folder (tools/build.mjs lists them); from source they
 * stand beside us as `.ts`.
 */
export function startWorker(name: string, options: WorkerOptions): Worker {
  const here = import.meta.url;
  if (!here.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, here), options);
  // Loaders of the main thread do not reach worker threads before Node 22.
  const loader = import.meta.resolve('tsx/esm/api');
  const module = new URL(`../${name}.ts`, here);
  const code = `import('${loader}').then(({ register }) => { register(); return import('${module}'); })`;
  return new Worker(code, { ...options, eval: true });
}
