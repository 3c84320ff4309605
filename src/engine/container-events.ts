import type { ContainerRecord } from '../containers/record.ts';
import type { Engine } from './engine.ts';

/** Publishes what happened to a container, with its labels, image and name as Docker has them. */
export function publishContainer(
  engine: Pick<Engine, 'events'>,
  record: ContainerRecord,
  action: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const { labels, image } = record.config;
  engine.events.publish('container', action, record.id, {
    ...labels,
    image,
    name: record.name,
    ...attributes,
  });
}
