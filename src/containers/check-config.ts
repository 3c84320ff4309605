import { EngineError } from '../base/errors.ts';
import { parseSignal } from '../formats/signals.ts';
import type { ContainerConfigInput, HealthConfig } from './config.ts';

const PORT = /^(\d{1,5})(?:-(\d{1,5}))?\/(tcp|udp|sctp)$/;
const MAX_HOSTNAME = 63;
const MILLISECOND = 1_000_000;

/** Checks the container part of a request, as typed. Throws `invalid` naming the field. */
export function checkConfig(config: ContainerConfigInput): void {
  for (const port of config.exposedPorts ?? []) {
    const match = PORT.exec(port);
    if (!match || Number(match[1]) > 65535 || Number(match[2] ?? 0) > 65535) {
      throw new EngineError(
        'invalid',
        `invalid port specification: ${JSON.stringify(port)}: expected PORT/PROTO`,
      );
    }
  }
  for (const entry of config.env ?? []) {
    if (entry === '' || entry.startsWith('='))
      throw new EngineError('invalid', `invalid environment variable: ${entry}`);
    if (entry.includes('\0')) throw new EngineError('invalid', 'Config.Env: an entry contains a NUL byte');
  }
  const hostname = config.hostname ?? '';
  if (hostname.length > MAX_HOSTNAME || /[\0-\x20/]/.test(hostname)) {
    throw new EngineError('invalid', `invalid hostname format: ${hostname}`);
  }
  if (config.workingDir && !config.workingDir.startsWith('/')) {
    throw new EngineError(
      'invalid',
      `the working directory '${config.workingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if (config.stopSignal) parseSignal(config.stopSignal);
  if (config.healthcheck) checkHealth(config.healthcheck);
}

function checkHealth(health: HealthConfig): void {
  const durations = {
    Interval: health.interval,
    Timeout: health.timeout,
    StartPeriod: health.startPeriod,
    StartInterval: health.startInterval,
  };
  for (const [field, value] of Object.entries(durations)) {
    if (value !== 0 && value < MILLISECOND) {
      throw new EngineError('invalid', `${field} in Healthcheck cannot be less than 1ms`);
    }
  }
  if (health.retries < 0) throw new EngineError('invalid', 'Retries in Healthcheck cannot be negative');
}
