import type { Cli } from '../cli-context.ts';

/**
 * The format of a listing: `--quiet` (IDs only), `--format`, the configuration's own, or `table` with its default
 * columns. `table` alone means the default columns.
 */
export function chooseFormat(
  cli: Cli,
  flags: { quiet: boolean; format: string },
  configured: string | undefined,
  table: string,
): string {
  if (flags.quiet) {
    if (flags.format !== '' && flags.format !== 'table') {
      cli.stderr.write('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
    }
    return '{{.ID}}';
  }
  const format = flags.format || configured || 'table';
  return format === 'table' ? table : format;
}
