import { EngineError } from '../base/errors.ts';
import { parseExactJson } from '../formats/exact-json.ts';
import { readLinux } from './parse-linux.ts';
import { flag, integer, list, oneOf, type Reader, struct, text, textMap, unsigned64 } from './readers.ts';
import type { Hook, Process, Spec } from './spec.ts';

const MAX_BYTES = 4 << 20;
/** Ids are unsigned 32-bit numbers; all ones means "leave it as it is" to the kernel. */
const id = integer(0, 2 ** 32 - 2);

const readProcess: Reader<Process> = struct(
  {
    user: struct(
      { uid: id, gid: id },
      { umask: integer(0, 0o777), additionalGids: list(id), username: text },
    ),
    args: list(text),
    cwd: text,
  },
  {
    terminal: flag,
    consoleSize: struct({ height: integer(0, 65535), width: integer(0, 65535) }, {}),
    env: list(text),
    capabilities: struct(
      {},
      {
        bounding: list(text),
        effective: list(text),
        permitted: list(text),
        inheritable: list(text),
        ambient: list(text),
      },
    ),
    rlimits: list(struct({ type: text, soft: unsigned64, hard: unsigned64 }, {})),
    noNewPrivileges: flag,
    apparmorProfile: text,
    selinuxLabel: text,
    oomScoreAdj: integer(-1000, 1000),
    scheduler: struct({ policy: text }, {}),
    ioPriority: struct(
      {
        class: oneOf('IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'),
        priority: integer(0, 7),
      },
      {},
    ),
  },
);

const readHook: Reader<Hook> = struct(
  { path: text },
  { args: list(text), env: list(text), timeout: integer(0, 86_400) },
);

const readSpec: Reader<Spec> = struct(
  { ociVersion: text, root: struct({ path: text }, { readonly: flag }) },
  {
    process: readProcess,
    hostname: text,
    domainname: text,
    mounts: list(
      struct(
        { destination: text },
        {
          type: text,
          source: text,
          options: list(text),
          uidMappings: list(struct({ containerID: id, hostID: id, size: id }, {})),
          gidMappings: list(struct({ containerID: id, hostID: id, size: id }, {})),
        },
      ),
    ),
    hooks: struct(
      {},
      {
        prestart: list(readHook),
        createRuntime: list(readHook),
        createContainer: list(readHook),
        startContainer: list(readHook),
        poststart: list(readHook),
        poststop: list(readHook),
      },
    ),
    annotations: textMap,
    linux: readLinux,
  },
);

/**
 * Reads a bundle's config.json (at most 4 MiB), whose fields the OCI runtime spec's config.md and config-linux.md define.
 * Unknown fields are passed over, as the spec asks. Throws `invalid` naming the field.
 */
export function parseSpec(json: string): Spec {
  if (json.length > MAX_BYTES) {
    throw new EngineError('invalid', `config.json: ${json.length} characters (at most ${MAX_BYTES})`);
  }
  const spec = readSpec(parseExactJson(json, 'config.json'), '');
  const [, major] = /^(\d+)\.\d+\.\d+/.exec(spec.ociVersion) ?? [];
  if (major === '1') return spec;
  throw new EngineError(
    'invalid',
    `ociVersion: ${JSON.stringify(spec.ociVersion)}: only version 1 of the runtime spec is known`,
  );
}

/** Writes a spec as config.json. Numbers beyond what JSON.stringify counts exactly keep all their digits. */
export function formatSpec(spec: Spec): string {
  const marked = JSON.stringify(spec, (_key, value: unknown) =>
    typeof value === 'bigint' ? `\u0000${value}\u0000` : value,
  );
  return marked.replace(/"\\u0000(\d+)\\u0000"/g, '$1');
}
