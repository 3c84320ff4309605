import { hostPlatform } from '../formats/platform.ts';
import type { Engine } from './engine.ts';

/** Version of this program, as package.json has it. */
export const VERSION = '0.1.0';

export interface EngineVersion {
  readonly version: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  readonly nodeVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly kernelVersion: string;
}

export function engineVersion(engine: Engine): EngineVersion {
  const { os, architecture } = hostPlatform();
  return {
    version: VERSION,
    gitCommit: '',
    buildTime: '',
    nodeVersion: process.versions.node,
    os,
    arch: architecture,
    kernelVersion: engine.host.kernelVersion,
  };
}
