import { exactJson } from '../../formats/exact-json.ts';
import { GoStruct, sortedEntries } from '../../formats/go-value.ts';
import { rfc3339, rfc3339Nano } from './go-time.ts';

/** JSON name → Go name of an event's fields. */
const GO_NAMES: Readonly<Record<string, string>> = {
  status: 'Status',
  id: 'ID',
  from: 'From',
  scope: 'Scope',
  time: 'Time',
  timeNano: 'TimeNano',
};
const DEFAULTS = { Status: '', ID: '', From: '', Type: '', Action: '', Scope: '', Time: 0, TimeNano: 0 };

/** An event as templates see it. */
export function eventStruct(event: object): GoStruct {
  const fields = Object.entries(event).map(([key, value]) => [GO_NAMES[key] ?? key, value] as const);
  const { id, attributes } = actorOf(event);
  const sorted = Object.fromEntries(sortedEntries(attributes));
  const actor = new GoStruct('events.Actor', { ID: id, Attributes: attributes });
  const members = { ...DEFAULTS, ...Object.fromEntries(fields), Actor: actor };
  return new GoStruct('*events.Message', members, () =>
    exactJson({ ...event, Actor: { ID: id, Attributes: sorted } }),
  );
}

/** `TIME TYPE ACTION ID (KEY=VALUE, …)`. */
export function eventText(event: object): string {
  const get = (name: string): unknown => Object.getOwnPropertyDescriptor(event, name)?.value;
  const nano = get('timeNano');
  const time = nano ? rfc3339Nano(BigInt(String(nano))) : rfc3339(Number(get('time') ?? 0));
  const { id, attributes } = actorOf(event);
  const pairs = sortedEntries(attributes).map(([key, value]) => `${key}=${String(value)}`);
  return `${time} ${String(get('Type'))} ${String(get('Action'))} ${id}${pairs.length > 0 ? ` (${pairs.join(', ')})` : ''}`;
}

function actorOf(event: object): { id: string; attributes: object } {
  const actor: unknown = Object.getOwnPropertyDescriptor(event, 'Actor')?.value;
  if (typeof actor !== 'object' || actor === null) return { id: '', attributes: {} };
  const id: unknown = Object.getOwnPropertyDescriptor(actor, 'ID')?.value;
  const attributes: unknown = Object.getOwnPropertyDescriptor(actor, 'Attributes')?.value;
  return {
    id: String(id ?? ''),
    attributes: typeof attributes === 'object' && attributes !== null ? attributes : {},
  };
}
