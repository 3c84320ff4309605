import type {
  EmptyObject,
  Nullable,
  OciDescriptor,
  OciPlatform,
  PruneReport,
  StringMap,
} from './types-common.ts';
import type { GraphDriver, HealthConfig } from './types-container.ts';

export interface ImageConfig {
  User?: string;
  ExposedPorts?: Nullable<Record<string, EmptyObject>>;
  Env?: Nullable<string[]>;
  Cmd?: Nullable<string[]>;
  Healthcheck?: Nullable<HealthConfig>;
  ArgsEscaped?: Nullable<boolean>;
  Volumes?: Nullable<Record<string, EmptyObject>>;
  WorkingDir?: string;
  Entrypoint?: Nullable<string[]>;
  OnBuild?: Nullable<string[]>;
  Labels?: Nullable<StringMap>;
  StopSignal?: Nullable<string>;
  Shell?: Nullable<string[]>;
}

/** One platform of a multi-platform image (since 1.47). */
export interface ImageManifestSummary {
  ID: string;
  Descriptor: OciDescriptor;
  Available: boolean;
  Size: { Total: number; Content: number };
  Kind: 'image' | 'attestation' | 'unknown';
  ImageData?: Nullable<{ Platform: OciPlatform; Containers: Nullable<string[]>; Size: { Unpacked: number } }>;
  AttestationData?: Nullable<{ For: string }>;
}

/** One item of `GET /images/json`. -1 means not computed. */
export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: Nullable<string[]>;
  RepoDigests: Nullable<string[]>;
  /** Seconds since the epoch. */
  Created: number;
  Size: number;
  SharedSize: number;
  /** Gone since 1.44. */
  VirtualSize?: number;
  Labels: Nullable<StringMap>;
  Containers: number;
  Manifests?: ImageManifestSummary[];
  Descriptor?: OciDescriptor;
}

/** `GET /images/NAME/json`. */
export interface ImageInspect {
  Id: string;
  RepoTags: Nullable<string[]>;
  RepoDigests: Nullable<string[]>;
  Parent: string;
  Comment: string;
  Created?: string;
  DockerVersion: string;
  Author: string;
  Config: Nullable<ImageConfig>;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  /** Gone since 1.44. */
  VirtualSize?: number;
  GraphDriver: GraphDriver;
  RootFS: { Type: string; Layers?: Nullable<string[]> };
  Metadata: { LastTagTime: string };
  Descriptor?: Nullable<OciDescriptor>;
  Manifests?: Nullable<ImageManifestSummary[]>;
}

/** One item of `GET /images/NAME/history`, newest first. `Id` is `<missing>` where the layer has no image of its own. */
export interface ImageHistoryItem {
  Id: string;
  /** Seconds since the epoch. */
  Created: number;
  CreatedBy: string;
  Tags: Nullable<string[]>;
  Size: number;
  Comment: string;
}

/** One item of the answer to `DELETE /images/NAME`. */
export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

export interface ImagePruneResponse extends PruneReport {
  ImagesDeleted: Nullable<ImageDeleteItem[]>;
}

/** One item of `GET /images/search`. */
export interface ImageSearchItem {
  star_count: number;
  is_official: boolean;
  name: string;
  is_automated: boolean;
  description: string;
}
