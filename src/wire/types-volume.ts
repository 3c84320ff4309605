import type { Nullable, PruneReport, StringMap } from './types-common.ts';

/** `GET /volumes/NAME` and the items of `GET /volumes`. `UsageData` only in `GET /system/df`; -1 means not computed. */
export interface Volume {
  CreatedAt?: string;
  Driver: string;
  Labels: Nullable<StringMap>;
  Mountpoint: string;
  Name: string;
  Options: Nullable<StringMap>;
  Scope: string;
  Status?: Nullable<Record<string, unknown>>;
  UsageData?: Nullable<{ Size: number; RefCount: number }>;
}

/** `GET /volumes`. */
export interface VolumeListResponse {
  Volumes: Nullable<Volume[]>;
  Warnings: Nullable<string[]>;
}

/** `POST /volumes/create`. */
export interface VolumeCreateRequest {
  Name?: string;
  Driver?: string;
  DriverOpts?: Nullable<StringMap>;
  Labels?: Nullable<StringMap>;
}

export interface VolumePruneResponse extends PruneReport {
  VolumesDeleted: Nullable<string[]>;
}
