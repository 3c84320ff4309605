import type { ContainerRecord } from '../containers/record.ts';
import { closeFd, own } from '../kernel/fd.ts';
import { makeDirectories, openRoot } from '../kernel/rooted.ts';

/**
 * Makes the directories of the image's VOLUMEs that the image itself lacks, inside the root of a container that stands at
 * the barrier. They lie in its writable layer: this version has no volumes of its own.
 */
export function makeImageVolumes({ config, hostConfig }: ContainerRecord, pid: number): void {
  if (config.volumes.length === 0 || hostConfig.readonlyRootfs) return;
  using root = own(openRoot(`/proc/${pid}/root`));
  for (const volume of config.volumes) closeFd(makeDirectories(root.fd, volume));
}
