import { EngineError } from '../../base/errors.ts';
import { jsonLines } from '../../client/json-stream.ts';
import { events } from '../../client/system.ts';
import { parseExactJson } from '../../formats/exact-json.ts';
import { apiTimestamp } from '../../formats/timestamp.ts';
import { defineCommand, noArgs } from '../command.ts';
import { filters } from '../flags/lists.ts';
import { string } from '../flags/scalars.ts';
import { eventStruct, eventText } from '../format/event-text.ts';
import { parseFormat } from '../format/value.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    filter: filters('Show only what matches, such as type=container or event=die'),
    format: string("Go template for each event, or 'json'"),
    since: string('Show past events from then on: a time, or a duration such as 10m'),
    until: string('End at this time'),
  },
  args: noArgs,
  run: async (cli, { filter, format, since, until }) => {
    const template = format === '' ? undefined : parseFormat(format);
    const now = Date.now();
    const stream = await events(cli.ctx, await cli.engine(), {
      filters: filter,
      ...(since !== '' && { since: apiTimestamp(since, now) }),
      ...(until !== '' && { until: apiTimestamp(until, now) }),
    });
    for await (const line of jsonLines(stream, 'event')) {
      const event = parseExactJson(line, 'event');
      if (typeof event !== 'object' || event === null)
        throw new EngineError('invalid', `not an event: ${line}`);
      cli.stdout.write(`${template ? template.execute(eventStruct(event)) : eventText(event)}\n`);
    }
    return 0;
  },
});
