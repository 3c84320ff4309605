import type { Nullable } from './types-common.ts';

/** `POST /containers/ID/exec`. `ConsoleSize` is [height, width] (since 1.42). */
export interface ExecCreateRequest {
  User?: string;
  Privileged?: boolean;
  Tty?: boolean;
  ConsoleSize?: Nullable<[number, number]>;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  DetachKeys?: string;
  Env?: Nullable<string[]>;
  WorkingDir?: string;
  Cmd?: Nullable<string[]>;
}

/** `POST /exec/ID/start`. */
export interface ExecStartRequest {
  Detach?: boolean;
  Tty?: boolean;
  ConsoleSize?: Nullable<[number, number]>;
}

/** `GET /exec/ID/json`. `ExitCode` is null while the process runs. */
export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: Nullable<number>;
  ProcessConfig: {
    tty: boolean;
    entrypoint: string;
    arguments: Nullable<string[]>;
    privileged: boolean;
    user?: string;
  };
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  CanRemove: boolean;
  ContainerID: string;
  DetachKeys: string;
  Pid: number;
}
