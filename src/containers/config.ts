/**
 * What runs in a container, independent of the host: Docker's `Config` (Engine API 1.51, ContainerConfig) in domain
 * terms. Names are Docker's in camel case, so that the API's mapping stays a change of case.
 */
export interface ContainerConfig {
  readonly hostname: string;
  readonly domainname: string;
  /** `user|uid[:group|gid]`; empty for the image's, then root. */
  readonly user: string;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  /** `PORT/PROTO` each, sorted. */
  readonly exposedPorts: readonly string[];
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  /** `NAME=value`; in a request a bare `NAME` removes the image's variable of that name. */
  readonly env: readonly string[];
  /** Absent: the image's. */
  readonly cmd?: readonly string[];
  readonly healthcheck?: HealthConfig;
  /** The reference as the user typed it. */
  readonly image: string;
  /** Absolute paths inside the container. */
  readonly volumes: readonly string[];
  readonly workingDir: string;
  /** Absent: the image's. `['']` in a request: none at all. */
  readonly entrypoint?: readonly string[];
  readonly networkDisabled: boolean;
  readonly macAddress: string;
  readonly onBuild: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Name or number; absent: SIGTERM. */
  readonly stopSignal?: string;
  /** Seconds between the stop signal and SIGKILL, -1 for ever; absent: 10. */
  readonly stopTimeout?: number;
  readonly shell?: readonly string[];
}

/** Durations in nanoseconds, 0 meaning "inherit or default". */
export interface HealthConfig {
  /** `[]` inherit, `['NONE']`, `['CMD', …]`, `['CMD-SHELL', command]`. */
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

/** The fields of a create request's config; what is absent gets {@link DEFAULT_CONFIG}'s or the image's value. */
export type ContainerConfigInput = Partial<ContainerConfig>;

export const DEFAULT_CONFIG: ContainerConfig = {
  hostname: '',
  domainname: '',
  user: '',
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  exposedPorts: [],
  tty: false,
  openStdin: false,
  stdinOnce: false,
  env: [],
  image: '',
  volumes: [],
  workingDir: '',
  networkDisabled: false,
  macAddress: '',
  onBuild: [],
  labels: {},
};
