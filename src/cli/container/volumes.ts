import { resolve } from 'node:path';
import { EngineError } from '../../base/errors.ts';

/** What `-v` asks for. */
export interface VolumePlan {
  /** `SOURCE:PATH[:OPTIONS]`. */
  binds: string[];
  /** Paths of anonymous volumes. */
  anonymous: string[];
}

/** Settles all `-v` flags; a source beginning with `.` is taken from this directory. Throws `invalid`. */
export function volumeRequest(volumes: readonly string[]): VolumePlan {
  const plan: VolumePlan = { binds: [], anonymous: [] };
  for (const volume of volumes) {
    const colon = volume.indexOf(':');
    if (volume === '') throw new EngineError('invalid', 'invalid empty volume spec');
    if (colon <= 0) {
      plan.anonymous.push(volume);
      continue;
    }
    const source = volume.slice(0, colon);
    const local = source === '.' || source.startsWith('./') || source.startsWith('../');
    plan.binds.push((local ? resolve(source) : source) + volume.slice(colon));
  }
  return plan;
}

/** `PATH[:OPTIONS]` of `--tmpfs`. */
export function tmpfsRequest(mounts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    mounts.map((mount) => {
      const [path = '', options = ''] = mount.split(/:(.*)/s);
      return [path, options];
    }),
  );
}
