import type { Engine } from '../client/engine.ts';
import { pullImage } from '../client/images.ts';
import { canonicalName, canonicalString, type Reference } from '../formats/reference.ts';
import type { Cli } from './cli-context.ts';
import { type Screen, showProgress } from './progress/display.ts';

const SILENT: Screen = { write: () => {} };

export interface PullOptions {
  platform?: string;
  quiet: boolean;
  allTags?: boolean;
}

/** Pulls an image with the user's credentials and shows how it goes on `screen`; answers the full name pulled. */
export async function pull(
  cli: Cli,
  engine: Engine,
  reference: Reference,
  options: PullOptions,
  screen: Screen,
): Promise<string> {
  const { registryAuth } = await import('../client/credentials.ts');
  const auth = await registryAuth(cli.ctx, cli.config(), reference.domain);
  const query = {
    fromImage: canonicalName(reference),
    tag: options.allTags ? undefined : (reference.digest ?? reference.tag),
    platform: options.platform || undefined,
  };
  const reply = await pullImage(cli.ctx, engine, query, auth);
  await showProgress(reply.body, options.quiet ? SILENT : screen);
  return canonicalString(reference);
}
