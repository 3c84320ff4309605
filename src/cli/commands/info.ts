import { isEngineError } from '../../base/errors.ts';
import { systemInfo } from '../../client/system.ts';
import { defineCommand, noArgs } from '../command.ts';
import { string } from '../flags/scalars.ts';
import { clientInfo, infoStruct } from '../format/info-struct.ts';
import { clientInfoText, serverInfoText } from '../format/info-text.ts';
import { VALUE_FORMAT_HELP } from '../format/texts.ts';
import { renderValue } from '../format/value.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: { format: string(VALUE_FORMAT_HELP, '', { short: 'f' }) },
  args: noArgs,
  run: async (cli, { format }) => {
    const engine = await cli.engine();
    const client = clientInfo(engine.endpoint.context, cli.debug);
    if (format !== '') {
      const info = await systemInfo(cli.ctx, engine);
      cli.stdout.write(renderValue(infoStruct(info, client), format));
      return 0;
    }
    cli.stdout.write(`${clientInfoText(client)}\nServer:\n`);
    try {
      const info = await systemInfo(cli.ctx, engine);
      cli.stdout.write(`${serverInfoText(info)}\n`);
      for (const warning of info.Warnings ?? []) cli.stderr.write(`${warning}\n`);
      return 0;
    } catch (error) {
      if (!isEngineError(error) || error.kind === 'cancelled') throw error;
      cli.stderr.write(`ERROR: ${error.message}\nerrors pretty printing info\n`);
      return 1;
    }
  },
});
