import type { Brand } from '../base/brand.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import { asImageId, type Digest, type ImageId, parseDigest } from '../formats/digest.ts';
import type { ContainerConfig } from './config.ts';
import type { HostConfig } from './host-config.ts';
import type { MountPoint } from './mount-point.ts';
import type { ContainerState } from './state.ts';

/** 64 lower-case hex digits. */
export type ContainerId = Brand<string, 'ContainerId'>;

const ID = /^[0-9a-f]{64}$/;

/** Parses a full container ID. Throws `invalid`. */
export function parseContainerId(text: string): ContainerId {
  if (!ID.test(text))
    throw new EngineError('invalid', `invalid container ID ${JSON.stringify(text.slice(0, 80))}`);
  return text as ContainerId;
}

/** What is kept of a container: everything needed to show it, start it and take it away, whatever daemon is asked. */
export interface ContainerRecord {
  readonly id: ContainerId;
  /** Without Docker's leading slash. */
  readonly name: string;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly createdAt: string;
  readonly imageId: ImageId;
  /** Of the platform's manifest, where the image store knows it. */
  readonly manifestDigest?: Digest;
  /** Architecture of the image, `amd64`. */
  readonly architecture: string;
  /** The image's config and the user's, merged. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly mounts: readonly MountPoint[];
  readonly state: ContainerState;
  /** Restarts by policy since the user last started it. */
  readonly restartCount: number;
  /** The user stopped it: `unless-stopped` then leaves it alone when the daemon starts. */
  readonly stoppedByUser: boolean;
}

/** The path and arguments of init: entrypoint, then command. */
export function commandOf(config: ContainerConfig): readonly string[] {
  return [...(config.entrypoint ?? []), ...(config.cmd ?? [])];
}

/** JSON for the store. */
export function serialiseRecord(record: ContainerRecord): string {
  return JSON.stringify({ version: 1, ...record });
}

/** Reads {@link serialiseRecord}'s form. Throws `data-loss` naming the container when it is not that. */
export function parseRecord(json: string): ContainerRecord {
  try {
    const { version, ...record } = JSON.parse(json);
    if (version !== 1) throw new Error(`version ${version} is not known`);
    parseContainerId(record.id);
    asImageId(parseDigest(record.imageId));
    return record as ContainerRecord;
  } catch (cause) {
    throw new EngineError('data-loss', `container record ${json.slice(0, 100)}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
