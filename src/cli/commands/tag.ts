import { EngineError } from '../../base/errors.ts';
import { tagImage } from '../../client/images.ts';
import { familiarName, parseReference, withDefaultTag } from '../../formats/reference.ts';
import { defineCommand, exactArgs } from '../command.ts';

export const command = defineCommand({
  usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
  flags: {},
  args: exactArgs(2),
  run: async (cli, _flags, [source = '', target = '']) => {
    const reference = withDefaultTag(parseReference(target));
    if (reference.digest !== undefined)
      throw new EngineError('invalid', 'refusing to create a tag with a digest reference');
    await tagImage(cli.ctx, await cli.engine(), source, familiarName(reference), reference.tag ?? '');
    return 0;
  },
});
