import { watch } from 'node:fs';

/** Wakes a reader when a directory's log files change. What happens between two waits is not lost. */
export interface LogWatch {
  /** Resolves at once when something changed since the last call, else when it does or when a signal aborts. */
  changed(): Promise<void>;
  close(): void;
}

/** Watches the files of `directory` whose names begin with `name` (inotify(7) through libuv; nothing polls). */
export function watchLog(directory: string, name: string, ...signals: AbortSignal[]): LogWatch {
  let dirty = false;
  let wake: (() => void) | undefined;
  const mark = (): void => {
    dirty = true;
    wake?.();
  };
  const watcher = watch(directory, (_event, file) => {
    if (file === null || file.startsWith(name)) mark();
  });
  watcher.on('error', mark);
  for (const signal of signals) signal.addEventListener('abort', mark, { once: true });
  return {
    changed: async () => {
      if (!dirty) await new Promise<void>((resolve) => (wake = resolve));
      dirty = false;
      wake = undefined;
    },
    close: () => {
      watcher.close();
      for (const signal of signals) signal.removeEventListener('abort', mark);
    },
  };
}
