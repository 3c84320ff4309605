import { list } from './flags/lists.ts';
import { bool, boolMaybe, string, stringMaybe } from './flags/scalars.ts';

/** The flags before the command. */
export const GLOBALS = {
  config: string('Directory of the client configuration', '', { shown: '"~/.docker"' }),
  context: stringMaybe('Context that names the daemon to talk to (overrides DOCKER_HOST)', { short: 'c' }),
  debug: bool('Show where errors come from', { short: 'D' }),
  host: list('Daemon to talk to: unix://PATH or tcp://HOST:PORT', { short: 'H' }),
  logLevel: string('Accepted for compatibility', 'info', { short: 'l', hidden: true }),
  tls: bool('Use TLS; implied by --tlsverify'),
  tlscacert: stringMaybe('Trust only certificates signed by this CA'),
  tlscert: stringMaybe('TLS certificate file'),
  tlskey: stringMaybe('TLS key file'),
  tlsverify: boolMaybe('Use TLS and verify the daemon'),
  version: bool('Print the version and quit', { short: 'v' }),
};
