import { EngineError, messageOf } from '../../base/errors.ts';
import { jsonLines } from '../../client/json-stream.ts';
import { events } from '../../client/system.ts';
import { parseExactJson } from '../../formats/exact-json.ts';
import { GoTemplate } from '../../formats/go-template.ts';
import { apiTimestamp } from '../../formats/timestamp.ts';
import { defineCommand, noArgs } from '../command.ts';
import { ExitError } from '../exit.ts';
import { filters } from '../flags/lists.ts';
import { string } from '../flags/scalars.ts';
import { eventStruct, eventText } from '../format/event-text.ts';
import { TEMPLATE_FUNCTIONS } from '../format/template-functions.ts';
import { EXIT_BAD_TEMPLATE } from '../format/value.ts';

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
    const template = format === '' ? undefined : checkedFormat(format);
    const now = Date.now();
    const { body } = await events(cli.ctx, await cli.engine(), {
      filters: filter,
      ...(since !== '' && { since: apiTimestamp(since, now) }),
      ...(until !== '' && { until: apiTimestamp(until, now) }),
    });
    for await (const line of jsonLines(body, 'event')) {
      const event = parseExactJson(line, 'event');
      if (typeof event !== 'object' || event === null)
        throw new EngineError('invalid', `not an event: ${line}`);
      cli.stdout.write(`${template ? template.execute(eventStruct(event)) : eventText(event)}\n`);
    }
    return 0;
  },
});

/** The template, tried on an event that has nothing, so that a wrong one is not found out by the first real event. */
function checkedFormat(format: string): GoTemplate {
  try {
    const template = new GoTemplate(format === 'json' ? '{{json .}}' : format, {
      functions: TEMPLATE_FUNCTIONS,
    });
    template.execute(eventStruct({}));
    return template;
  } catch (error) {
    throw new ExitError(EXIT_BAD_TEMPLATE, `Error parsing format: ${messageOf(error)}`, { cause: error });
  }
}
