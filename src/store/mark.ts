/** Everything reachable from `roots` along `edges`, each node visited once, cycles allowed. */
export function reachable<T>(roots: Iterable<T>, edges: (node: T) => Iterable<T>): Set<T> {
  const seen = new Set<T>();
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    waiting.push(...edges(node));
  }
  return seen;
}
