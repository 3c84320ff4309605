import { list, map } from '../flags/lists.ts';
import { bool, boolMaybe, boolOn, duration, int, intMaybe, string, stringMaybe } from '../flags/scalars.ts';
import { checkAttach } from './attach-streams.ts';
import { checkEnv, checkLabel } from './env.ts';

const section = 'Health check:';

/** What runs, and how it meets the terminal. */
export const PROCESS_FLAGS = {
  annotation: map('Annotation for the runtime', { since: '1.43' }),
  attach: list('Connect only stdin, stdout or stderr', { short: 'a' }, checkAttach),
  cidfile: string("Write the container's ID to this file"),
  disableContentTrust: boolOn('Accepted for compatibility', { hidden: true }),
  domainname: string('NIS domain name'),
  entrypoint: stringMaybe("Run this program instead of the image's entry point"),
  env: list('Set a variable: NAME=VALUE, or NAME to pass it on', { short: 'e' }, checkEnv),
  envFile: list('Read variables from a file'),
  hostname: string('Host name', '', { short: 'h' }),
  init: boolMaybe('Run an init process that forwards signals and reaps children'),
  interactive: bool('Keep stdin open', { short: 'i' }),
  label: list('Attach a label: KEY=VALUE', { short: 'l' }, checkLabel),
  labelFile: list('Read labels from a file'),
  logDriver: string('Where the output goes'),
  logOpt: list('Option of the log driver: KEY=VALUE'),
  name: string('Name of the container'),
  platform: string('Use this platform of the image: OS[/ARCH[/VARIANT]]'),
  pull: string('Pull the image first: always, missing or never', 'missing'),
  quiet: bool("Don't show how the pull goes", { short: 'q' }),
  restart: string('What to do when the container ends: no, on-failure[:MAX], always, unless-stopped', 'no'),
  rm: bool('Remove the container and its anonymous volumes when it ends'),
  stopSignal: stringMaybe('Signal that stop sends'),
  stopTimeout: intMaybe('Seconds stop waits before SIGKILL'),
  tty: bool('Give the process a terminal', { short: 't' }),
  user: string('User and group: NAME|UID[:GROUP|GID]', '', { short: 'u' }),
  workdir: string('Working directory', '', { short: 'w' }),

  healthCmd: string('Shell command that tells whether the container is well', '', { section }),
  healthInterval: duration('Time between checks, such as 30s', { section }),
  healthRetries: int('Failures in a row that make it unhealthy', 0, { section }),
  healthStartInterval: duration('Time between checks while it starts', { section, since: '1.44' }),
  healthStartPeriod: duration('Time in which failures do not count yet', { section }),
  healthTimeout: duration('Longest time a check may take', { section }),
  noHealthcheck: bool("Don't check, whatever the image says", { section }),
};
