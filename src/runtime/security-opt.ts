import { EngineError } from '../base/errors.ts';

/** What `--security-opt` strings ask for. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompChoice;
  /** Absent: the host's default. */
  readonly apparmor?: string;
  /** No masked and no read-only paths. */
  readonly systemPathsUnconfined: boolean;
  /** /sys/fs/cgroup writable without being privileged. */
  readonly writableCgroups: boolean;
}

/** `profile` is JSON in Docker's format. */
export type SeccompChoice =
  | { readonly kind: 'default' }
  | { readonly kind: 'unconfined' }
  | { readonly kind: 'profile'; readonly json: string };

type Change = Partial<SecurityOptions>;

/**
 * Reads the strings in order, later ones winning. `label` and `disable` are SELinux's and mean nothing here. Throws
 * `invalid` in Docker's words.
 */
export function parseSecurityOptions(options: readonly string[]): SecurityOptions {
  let result: SecurityOptions = {
    noNewPrivileges: false,
    seccomp: { kind: 'default' },
    systemPathsUnconfined: false,
    writableCgroups: false,
  };
  for (const option of options) result = { ...result, ...parseOne(option) };
  return result;
}

function parseOne(option: string): Change {
  if (option === 'no-new-privileges') return { noNewPrivileges: true };
  if (option === 'disable') return {};
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':');
  if (at < 0) throw new EngineError('invalid', `invalid --security-opt 1: ${JSON.stringify(option)}`);
  const value = option.slice(at + 1);
  switch (option.slice(0, at)) {
    case 'label':
      return {};
    case 'apparmor':
      return { apparmor: value };
    case 'seccomp':
      return { seccomp: seccompChoice(value) };
    case 'no-new-privileges':
      return { noNewPrivileges: parseBoolean(value, option) };
    case 'writable-cgroups':
      return { writableCgroups: parseBoolean(value, option) };
    case 'systempaths':
      if (value === 'unconfined') return { systemPathsUnconfined: true };
  }
  throw new EngineError('invalid', `invalid --security-opt 2: ${JSON.stringify(option)}`);
}

function seccompChoice(value: string): SeccompChoice {
  if (value === 'unconfined') return { kind: 'unconfined' };
  if (value === 'builtin' || value === '') return { kind: 'default' };
  return { kind: 'profile', json: value };
}

/** Go's strconv.ParseBool. */
function parseBoolean(value: string, option: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw new EngineError('invalid', `invalid --security-opt 2: ${JSON.stringify(option)}`);
}
