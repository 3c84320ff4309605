import type { Engine } from './engine.ts';

export interface EngineVersion {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  readonly nodeVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly kernelVersion: string;
}

export function engineVersion(_engine: Engine): EngineVersion {
  throw new Error('pending');
}
