import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';
import type { ApiVersion } from './versions.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';

export interface Route {
  method: Method;
  /** `/containers/{id}/json`; `{name:.*}` also takes slashes, as image references have them. */
  path: string;
  /** First API version that has it; older clients get 404. */
  since?: ApiVersion;
  handle(request: ApiRequest): Promise<Reply> | Reply;
}

interface Compiled {
  route: Route;
  pattern: RegExp;
  names: string[];
}

export type Match = { route: Route; params: Readonly<Record<string, string>> };

/** Finds the route for a method and a path without its version prefix; earlier routes win. */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match | undefined {
  const compiled = routes.map(compile);
  return (method, path) => {
    for (const { route, pattern, names } of compiled) {
      if (route.method !== method) continue;
      const match = pattern.exec(path);
      if (match) return { route, params: decodeParams(names, match) };
    }
    return undefined;
  };
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.path.replace(/\{(\w+)(:\.\*)?\}/g, (_all, name: string, greedy?: string) => {
    names.push(name);
    return greedy ? '(.+)' : '([^/]+)';
  });
  return { route, pattern: new RegExp(`^${source}$`), names };
}

function decodeParams(names: string[], match: RegExpExecArray): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, safeDecode(match[i + 1] ?? '')]));
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
