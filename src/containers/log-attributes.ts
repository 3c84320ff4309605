import type { AttributeChoice } from './check-log.ts';
import type { ContainerConfig } from './config.ts';

/** What each log entry of a container carries as `attrs`; `undefined` for nothing. */
export function logAttributes(
  choice: AttributeChoice,
  config: Pick<ContainerConfig, 'labels' | 'env'>,
): Record<string, string> | undefined {
  const labels = Object.entries(config.labels).filter(
    ([name]) => choice.labels.includes(name) || choice.labelsRegex?.test(name),
  );
  const variables = config.env
    .map((entry) => entry.split(/=(.*)/s))
    .filter(([name = '']) => choice.env.includes(name) || choice.envRegex?.test(name))
    .map(([name = '', value = '']) => [name, value] as const);
  const all = [...labels, ...variables];
  return all.length > 0 ? Object.fromEntries(all) : undefined;
}
