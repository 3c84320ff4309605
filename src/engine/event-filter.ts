import { checkFields, type Filters, matchLabels, valuesOf } from '../containers/filters.ts';
import type { EngineEvent } from './event-bus.ts';

const ACTORS = [
  'container',
  'daemon',
  'network',
  'volume',
  'plugin',
  'node',
  'service',
  'secret',
  'config',
] as const;
const FIELDS = [...ACTORS, 'event', 'image', 'label', 'scope', 'type'];

/** Compiles the filters of `GET /events` with Docker's rules. Throws `invalid` naming an unknown field. */
export function compileEventFilter(filters: Filters): (event: EngineEvent) => boolean {
  checkFields(filters, FIELDS);
  return (event) =>
    oneOf(filters, 'event', event.action, event.action.split(':')[0] ?? '') &&
    oneOf(filters, 'type', event.type) &&
    oneOf(filters, 'scope', 'local') &&
    ACTORS.every((actor) => isActor(filters, actor, event)) &&
    concernsImage(filters, event) &&
    matchLabels(filters, 'label', event.attributes);
}

function oneOf(filters: Filters, field: string, ...texts: string[]): boolean {
  const values = valuesOf(filters, field);
  return values === undefined || texts.some((text) => values.includes(text));
}

/** `container=x`: only events of containers whose ID or name begins with x. */
function isActor(filters: Filters, actor: string, event: EngineEvent): boolean {
  const values = valuesOf(filters, actor);
  if (values === undefined) return true;
  if (event.type !== actor) return false;
  return values.some(
    (value) => event.actorId.startsWith(value) || event.attributes['name']?.startsWith(value) === true,
  );
}

/** `image=x`: events of the image x, with or without its tag, and of containers made from it. */
function concernsImage(filters: Filters, event: EngineEvent): boolean {
  if (valuesOf(filters, 'image') === undefined) return true;
  if (event.type !== 'image' && event.type !== 'container') return false;
  const name = event.attributes[event.type === 'image' ? 'name' : 'image'] ?? '';
  return oneOf(filters, 'image', event.actorId, name, withoutTag(event.actorId), withoutTag(name));
}

function withoutTag(reference: string): string {
  const [name = ''] = reference.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
