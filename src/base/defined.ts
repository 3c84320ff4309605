/** The object without the keys whose value is `undefined`, for optional properties that must be absent rather than undefined. */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
