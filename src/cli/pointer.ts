export const PROGRAM = 'gantry';

/** How `run` and `create` report errors: whose error it is, and where to read more. */
export function withPointer(message: string, command: string): string {
  return `${PROGRAM}: ${message}\n\nRun '${command} --help' for more information`;
}
