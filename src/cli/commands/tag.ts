import { EngineError, messageOf } from '../../base/errors.ts';
import { tagImage } from '../../client/images.ts';
import { familiarName, parseReference, type Reference, withDefaultTag } from '../../formats/reference.ts';
import { defineCommand, exactArgs } from '../command.ts';

export const command = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  args: exactArgs(2),
  run: async (cli, _flags, [source = '', target = '']) => {
    const reference = withDefaultTag(parseTarget(target));
    if (reference.digest !== undefined)
      throw new EngineError('invalid', 'refusing to create a tag with a digest reference');
    await tagImage(cli.ctx, await cli.engine(), source, familiarName(reference), reference.tag ?? '');
    return 0;
  },
});

function parseTarget(target: string): Reference {
  try {
    return parseReference(target);
  } catch (error) {
    const problem = `Error parsing reference: ${JSON.stringify(target)} is not a valid repository/tag`;
    throw new EngineError('invalid', `${problem}: ${messageOf(error)}`, { cause: error });
  }
}
