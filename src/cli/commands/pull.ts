import { EngineError } from '../../base/errors.ts';
import { parseReference, withDefaultTag } from '../../formats/reference.ts';
import { defineCommand, exactArgs } from '../command.ts';
import { bool, boolOn, string } from '../flags/scalars.ts';
import { pull } from '../pull.ts';

export const command = defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  flags: {
    allTags: bool('Pull all tags of the repository', { short: 'a' }),
    disableContentTrust: boolOn('Accepted for compatibility', { hidden: true }),
    platform: string('Pull this platform of the image: OS[/ARCH[/VARIANT]]'),
    quiet: bool('Print only the name of the image', { short: 'q' }),
  },
  args: exactArgs(1),
  run: async (cli, { allTags, platform, quiet }, [name = '']) => {
    const parsed = parseReference(name);
    const bare = parsed.tag === undefined && parsed.digest === undefined;
    if (allTags && !bare) throw new EngineError('invalid', "tag can't be used with --all-tags/-a");
    const reference = allTags ? parsed : withDefaultTag(parsed);
    if (bare && !allTags && !quiet) cli.stdout.write('Using default tag: latest\n');
    const options = { quiet, allTags, platform };
    cli.stdout.write(`${await pull(cli, await cli.engine(), reference, options, cli.stdout)}\n`);
    return 0;
  },
});
