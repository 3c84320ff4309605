import type { PortSummary } from '../../wire/types-container.ts';

interface Range {
  first: number;
  last: number;
}

/** The PORTS column: `0.0.0.0:8080->80/tcp, 443/tcp`; runs of ports published under their own number become ranges. */
export function displayPorts(ports: readonly PortSummary[]): string {
  const finished: string[] = [];
  const remapped: string[] = [];
  const open = new Map<string, Range>();
  for (const port of [...ports].sort(comparePorts)) {
    if (port.IP && port.PublicPort !== port.PrivatePort) {
      remapped.push(`${hostPort(port.IP, String(port.PublicPort))}->${port.PrivatePort}/${port.Type}`);
      continue;
    }
    const key = port.IP ? `${port.IP}/${port.Type}` : port.Type;
    const range = open.get(key);
    if (range && port.PrivatePort === range.last + 1) {
      range.last = port.PrivatePort;
      continue;
    }
    if (range) finished.push(formatRange(key, range));
    open.set(key, { first: port.PrivatePort, last: port.PrivatePort });
  }
  const rest = [...open].map(([key, range]) => formatRange(key, range));
  return [...finished, ...rest, ...remapped].join(', ');
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compareText(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compareText(a.Type, b.Type)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function formatRange(key: string, { first, last }: Range): string {
  const numbers = first === last ? String(first) : `${first}-${last}`;
  const slash = key.indexOf('/');
  if (slash < 0) return `${numbers}/${key}`;
  return `${hostPort(key.slice(0, slash), numbers)}->${numbers}/${key.slice(slash + 1)}`;
}

/** `IP:PORT`, an IPv6 address in brackets. */
export function hostPort(ip: string, port: string): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
