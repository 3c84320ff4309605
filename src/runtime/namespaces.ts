import type { NamespaceMode, NamespaceSettings } from './settings.ts';
import type { Namespace, NamespaceType } from './spec.ts';

/** The namespaces that a container makes or joins; one it shares with the host is not listed. */
export function namespacesOf(settings: NamespaceSettings): Namespace[] {
  const modes: readonly [NamespaceType, Mode][] = [
    ['mount', { kind: 'private' }],
    ['network', settings.network],
    ['uts', settings.uts],
    ['pid', settings.pid],
    ['ipc', settings.ipc],
    ['cgroup', settings.cgroup],
    ['user', { kind: settings.user ? 'private' : 'host' }],
  ];
  return modes.flatMap(([type, mode]) => {
    if (mode.kind === 'host') return [];
    return 'path' in mode ? [{ type, path: mode.path }] : [{ type }];
  });
}

type Mode = NamespaceMode | NamespaceSettings['ipc'];
