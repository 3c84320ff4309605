import { listImages } from '../../client/images.ts';
import { defineCommand, maxArgs } from '../command.ts';
import { filters } from '../flags/lists.ts';
import { bool, string } from '../flags/scalars.ts';
import { chooseFormat } from '../format/choose.ts';
import { IMAGES_DIGEST_TABLE, IMAGES_TABLE, imageColumns, namedImages } from '../format/image-columns.ts';
import { renderRows } from '../format/table.ts';
import { FORMAT_HELP } from '../format/texts.ts';

export const command = defineCommand({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  flags: {
    all: bool('Show intermediate images too', { short: 'a' }),
    digests: bool('Show digests'),
    filter: filters('Show only what matches, such as dangling=true or reference=PATTERN'),
    format: string(FORMAT_HELP),
    noTrunc: bool("Don't shorten the output"),
    quiet: bool('Show IDs only', { short: 'q' }),
  },
  args: maxArgs(1),
  run: async (cli, flags, [reference]) => {
    const { imagesFormat } = cli.config();
    const table = flags.digests ? IMAGES_DIGEST_TABLE : IMAGES_TABLE;
    const format = withDigest(chooseFormat(cli, flags, imagesFormat, table), flags.digests);
    const wanted = reference === undefined ? flags.filter : withReference(flags.filter, reference);
    const images = await listImages(cli.ctx, await cli.engine(), {
      ...(flags.all && { all: true }),
      ...(Object.keys(wanted).length > 0 && { filters: wanted }),
    });
    const digests = flags.digests || format.includes('{{.Digest}}');
    const rows = images.flatMap((image) => namedImages(image, digests, flags.digests));
    cli.stdout.write(renderRows(imageColumns(!flags.noTrunc, Date.now()), rows, format));
    return 0;
  },
});

/** `--digests` adds its column to a table of the user's own. */
function withDigest(format: string, digests: boolean): string {
  const lacks = format.startsWith('table') && !format.includes('{{.Digest}}');
  return digests && lacks ? `${format}\\t{{.Digest}}` : format;
}

function withReference(filter: Readonly<Record<string, readonly string[]>>, reference: string) {
  return { ...filter, reference: [...(filter['reference'] ?? []), reference] };
}
