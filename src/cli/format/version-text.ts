import { GoStruct, goJson } from '../../formats/go-value.ts';
import { alignColumns } from '../../formats/tabwriter.ts';
import type { StringMap } from '../../wire/types-common.ts';
import type { SystemVersion, VersionComponent } from '../../wire/types-system.ts';
import { ansic } from './go-time.ts';

export interface ClientVersion {
  version: string;
  apiVersion: string;
  defaultApiVersion: string;
  gitCommit: string;
  /** RFC 3339. */
  buildTime: string;
  context: string;
}

const STYLE = { min: 20, padding: 1 };
const RUNTIME = `node ${process.version}`;

/** What `gantry version` prints. */
export function versionText(client: ClientVersion, server: SystemVersion | undefined): string {
  const { version, apiVersion, defaultApiVersion, gitCommit, buildTime, context } = client;
  const downgraded = apiVersion === defaultApiVersion ? '' : ` (downgraded from ${defaultApiVersion})`;
  const lines = [
    'Client: Gantry',
    ` Version:\t${version}`,
    ` API version:\t${apiVersion}${downgraded}`,
    ` Node version:\t${process.version}`,
    ` Git commit:\t${gitCommit}`,
    ` Built:\t${ansic(buildTime)}`,
    ` OS/Arch:\t${process.platform}/${goArch()}`,
    ` Context:\t${context}`,
    ...(server ? ['', ...serverLines(server)] : []),
    '',
  ];
  return alignColumns(lines.join('\n'), STYLE);
}

function serverLines(server: SystemVersion): string[] {
  const name = server.Platform?.Name;
  const components = server.Components ?? [];
  const title = name ? `Server: ${name}` : 'Server:';
  return [
    title,
    ...(components.length > 0 ? components.flatMap(componentLines) : engineLines(server.Version, server)),
  ];
}

function componentLines({ Name, Version, Details }: VersionComponent): string[] {
  if (Name === 'Engine') return [` ${Name}:`, ...engineLines(Version, Details ?? {})];
  const details = Object.entries(Details ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return [` ${Name}:`, `  Version:\t${Version}`, ...details.map(([key, value]) => `  ${key}:\t${value}`)];
}

function engineLines(version: string, details: Partial<Record<string, unknown>> | SystemVersion): string[] {
  const get = (key: string): string =>
    String(Object.entries(details).find(([name]) => name === key)?.[1] ?? '');
  // Only Docker's own daemons are written in Go, and always know when they were built.
  const known = [
    ['Go version', get('GoVersion')],
    ['Git commit', get('GitCommit')],
    ['Built', ansic(get('BuildTime'))],
  ].filter(([, value]) => value !== '');
  return [
    `  Version:\t${version}`,
    `  API version:\t${get('ApiVersion')} (minimum version ${get('MinAPIVersion')})`,
    ...known.map(([title, value]) => `  ${title}:\t${value}`),
    `  OS/Arch:\t${get('Os')}/${get('Arch')}`,
    `  Experimental:\t${get('Experimental')}`,
  ];
}

/** The value that `version --format` sees: `.Client` and `.Server`, the latter nil when no daemon answers. */
export function versionStruct(client: ClientVersion, server: SystemVersion | undefined): GoStruct {
  return new GoStruct('system.versionInfo', {
    Client: clientStruct(client),
    Server: server ? serverStruct(server) : null,
  });
}

function clientStruct(client: ClientVersion): GoStruct {
  const { version, apiVersion, defaultApiVersion, gitCommit, buildTime, context } = client;
  const values = {
    Platform: new GoStruct('system.platformInfo', { Name: 'Gantry' }),
    Version: version,
    ApiVersion: apiVersion,
    DefaultAPIVersion: defaultApiVersion,
    GitCommit: gitCommit,
    GoVersion: RUNTIME,
    Os: process.platform,
    Arch: goArch(),
    BuildTime: ansic(buildTime),
    Context: context,
  };
  return withGoNames('system.clientVersion', values);
}

function serverStruct(server: SystemVersion): GoStruct {
  const components = (server.Components ?? []).map(
    ({ Details, ...component }) =>
      new GoStruct('types.ComponentVersion', {
        ...component,
        ...(Details && { Details: readable(Details) }),
      }),
  );
  return withGoNames('types.Version', {
    ...server,
    Platform: new GoStruct('types.Platform', { ...server.Platform }),
    Components: components,
  });
}

/** Build times are shown to people. */
function readable(details: StringMap): StringMap {
  const { BuildTime } = details;
  return BuildTime === undefined ? details : { ...details, BuildTime: ansic(BuildTime) };
}

/** Go calls the field `APIVersion`, JSON `ApiVersion`; templates may use both. */
function withGoNames(typeName: string, values: Readonly<Record<string, unknown>>): GoStruct {
  const fields = Object.entries(values);
  const json = () => `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${goJson(value)}`).join(',')}}`;
  return new GoStruct(typeName, { ...values, APIVersion: () => values['ApiVersion'] }, json);
}

function goArch(): string {
  return { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
}
