import type { Brand } from '../base/brand.ts';
import { EngineError } from '../base/errors.ts';
import { type Digest, type ImageId, parseDigest } from '../formats/digest.ts';
import { jsonObject, jsonString } from '../formats/json.ts';
import type { Bucket } from '../store/bucket.ts';
import { type ContainerConfig, DEFAULT_CONFIG } from './config.ts';
import { DEFAULT_HOST_CONFIG, type HostConfig } from './host-config.ts';
import type { MountPoint } from './mount-point.ts';
import type { ContainerState } from './state.ts';

/** 64 lower-case hex digits. */
export type ContainerId = Brand<string, 'ContainerId'>;

const ID = /^[0-9a-f]{64}$/;

/** True for what can be a full container ID. */
export function isContainerId(text: string): text is ContainerId {
  return ID.test(text);
}

/** Parses a full container ID. Throws `invalid`. */
export function parseContainerId(text: string): ContainerId {
  if (!isContainerId(text)) {
    throw new EngineError('invalid', `invalid container ID ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text;
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

/** Where records are kept. */
export const CONTAINERS: Bucket<ContainerId, ContainerRecord> = { name: 'containers', parse: parseRecord };

/**
 * A record out of stored JSON. Fields that were added to the configs since it was written get their defaults. Throws
 * `data-loss` naming the field that is not as we write it.
 */
export function parseRecord(json: unknown, key: ContainerId): ContainerRecord {
  const record = jsonObject(json, 'record') as unknown as ContainerRecord;
  if (record.id !== key) throw new EngineError('data-loss', `id: ${String(record.id)}`);
  jsonString(record.name, 'name');
  parseDigest(record.imageId, 'imageId');
  jsonString(jsonObject(record.state, 'state')['status'], 'state.status');
  return {
    ...record,
    config: { ...DEFAULT_CONFIG, ...record.config },
    hostConfig: { ...DEFAULT_HOST_CONFIG, ...record.hostConfig },
  };
}
