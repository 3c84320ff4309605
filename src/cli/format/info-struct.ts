import { MAX_API_VERSION } from '../../client/version.ts';
import { GoStruct, goJson } from '../../formats/go-value.ts';
import type { SystemInfo } from '../../wire/types-system.ts';
import { BUILD_TIME, CLIENT_VERSION, GIT_COMMIT } from '../version-info.ts';
import { ansic } from './go-time.ts';
import { asView } from './json-view.ts';

/** The client's half of `info`, in the order of its JSON. */
export interface ClientInfo {
  Debug: boolean;
  Version: string;
  DefaultAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  BuildTime: string;
  Context: string;
  Plugins: readonly string[];
  Warnings: null;
}

export function clientInfo(context: string, debug: boolean): ClientInfo {
  return {
    Debug: debug,
    Version: CLIENT_VERSION,
    DefaultAPIVersion: MAX_API_VERSION,
    GitCommit: GIT_COMMIT,
    GoVersion: `node ${process.version}`,
    Os: process.platform,
    Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    BuildTime: ansic(BUILD_TIME),
    Context: context,
    Plugins: [],
    Warnings: null,
  };
}

/** The value that `info --format` sees: the daemon's fields and `.ClientInfo`. */
export function infoStruct(info: SystemInfo, client: ClientInfo): GoStruct {
  const view = asView(info, 'Info');
  const server = view instanceof GoStruct ? view : new GoStruct('', {});
  const own = new GoStruct('system.clientInfo', { ...client });
  const members = { ...Object.fromEntries(server.members), ClientInfo: own };
  const json = () => `${goJson(server).slice(0, -1)},"ClientInfo":${goJson(own)}}`;
  return new GoStruct('system.dockerInfo', members, json);
}
