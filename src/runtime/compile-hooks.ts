import { isAbsolute } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import type { Hook as HookOp } from '../kernel/shim-ops.ts';
import type { HookKind, Spec } from './spec.ts';

const WHEN: Readonly<Record<HookKind, { readonly when: HookOp['when']; readonly status: string }>> = {
  prestart: { when: 'createRuntime', status: 'creating' },
  createRuntime: { when: 'createRuntime', status: 'creating' },
  createContainer: { when: 'createContainer', status: 'creating' },
  startContainer: { when: 'startContainer', status: 'created' },
  poststart: { when: 'poststart', status: 'running' },
  poststop: { when: 'poststop', status: 'stopped' },
};

/** Operations of the hooks of `kinds`, in that order; each gets the container's state on standard input (runtime.md#state). */
export function compileHooks(
  spec: Spec,
  kinds: readonly HookKind[],
  container: { readonly id: string; readonly bundle: string },
): HookOp[] {
  return kinds.flatMap((kind) =>
    (spec.hooks?.[kind] ?? []).map((hook, i) => {
      if (!isAbsolute(hook.path)) {
        throw new EngineError(
          'invalid',
          `hooks.${kind}[${i}].path: ${JSON.stringify(hook.path)} is not absolute`,
        );
      }
      const { when, status } = WHEN[kind];
      return {
        op: 'hook',
        when,
        path: hook.path,
        argv: hook.args?.length ? hook.args : [hook.path],
        env: hook.env ?? [],
        timeoutMs: (hook.timeout ?? 0) * 1000,
        state: stateAround(spec, status, container),
      };
    }),
  );
}

function stateAround(
  spec: Spec,
  status: string,
  { id, bundle }: { readonly id: string; readonly bundle: string },
): [string, string] {
  const head = JSON.stringify({ ociVersion: spec.ociVersion, id, status });
  const tail = JSON.stringify({ bundle, annotations: spec.annotations ?? {} });
  return [`${head.slice(0, -1)},"pid":`, `,${tail.slice(1)}`];
}
