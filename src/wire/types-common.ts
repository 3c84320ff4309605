/** `{}`: the value of Go's `map[string]struct{}` sets. */
export type EmptyObject = Record<string, never>;
/** Go writes an empty map or slice as `null` unless the daemon takes care not to; readers must take both. */
export type Nullable<T> = T | null;
export type StringMap = Record<string, string>;

/** OCI platform as Docker's API spells it inside descriptors (image-spec, image-index.md#image-index-property-descriptions). */
export interface OciPlatform {
  architecture: string;
  os: string;
  'os.version'?: string;
  'os.features'?: string[];
  variant?: string;
}

/** OCI content descriptor (image-spec, descriptor.md). */
export interface OciDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  urls?: Nullable<string[]>;
  annotations?: Nullable<StringMap>;
  data?: Nullable<string>;
  platform?: Nullable<OciPlatform>;
  artifactType?: Nullable<string>;
}

/** Body of every error response. */
export interface ErrorResponse {
  message: string;
}

/** Body of `POST /commit` and of `POST /containers/ID/exec`. */
export interface IdResponse {
  Id: string;
}

/** Answer to a prune: what went and how many bytes came back. The list's name differs by resource. */
export interface PruneReport {
  SpaceReclaimed: number;
}
