import type { HealthDefaults, HistoryEntry, ImageConfig, ProcessDefaults } from './config.ts';

/**
 * A config as JSON: what {@link parseImageConfig} reads, in a fixed order of fields and without blanks, so that equal
 * configs have equal IDs. Fields as in OCI image-spec config.md, with Docker's additions.
 */
export function imageConfigJson(config: ImageConfig): string {
  const { platform } = config;
  return JSON.stringify({
    architecture: platform.architecture,
    ...(platform.variant !== undefined && { variant: platform.variant }),
    os: platform.os,
    ...(platform.osVersion !== undefined && { 'os.version': platform.osVersion }),
    ...(config.author !== '' && { author: config.author }),
    ...(config.comment !== '' && { comment: config.comment }),
    ...(config.createdAt !== undefined && { created: config.createdAt }),
    ...(config.dockerVersion !== '' && { docker_version: config.dockerVersion }),
    ...(config.parent !== undefined && { parent: config.parent }),
    config: defaultsJson(config.defaults),
    rootfs: { type: 'layers', diff_ids: config.diffIds },
    history: config.history.map(historyJson),
  });
}

function defaultsJson(defaults: ProcessDefaults): Record<string, unknown> {
  const { user, exposedPorts, env, entrypoint, cmd, volumes, workingDir, labels, onBuild } = defaults;
  return {
    ...(user !== '' && { User: user }),
    ...(exposedPorts.length > 0 && { ExposedPorts: setOf(exposedPorts) }),
    ...(env.length > 0 && { Env: env }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(cmd && { Cmd: cmd }),
    ...(defaults.healthcheck && { Healthcheck: healthJson(defaults.healthcheck) }),
    ...(defaults.argsEscaped && { ArgsEscaped: true }),
    ...(volumes.length > 0 && { Volumes: setOf(volumes) }),
    ...(workingDir !== '' && { WorkingDir: workingDir }),
    ...(Object.keys(labels).length > 0 && { Labels: labels }),
    ...(defaults.stopSignal !== undefined && { StopSignal: defaults.stopSignal }),
    ...(defaults.stopTimeout !== undefined && { StopTimeout: defaults.stopTimeout }),
    ...(onBuild.length > 0 && { OnBuild: onBuild }),
    ...(defaults.shell && { Shell: defaults.shell }),
  };
}

function healthJson(health: HealthDefaults): Record<string, unknown> {
  return {
    ...(health.test.length > 0 && { Test: health.test }),
    ...(health.interval !== 0 && { Interval: health.interval }),
    ...(health.timeout !== 0 && { Timeout: health.timeout }),
    ...(health.startPeriod !== 0 && { StartPeriod: health.startPeriod }),
    ...(health.startInterval !== 0 && { StartInterval: health.startInterval }),
    ...(health.retries !== 0 && { Retries: health.retries }),
  };
}

function historyJson(entry: HistoryEntry): Record<string, unknown> {
  return {
    ...(entry.createdAt !== undefined && { created: entry.createdAt }),
    ...(entry.createdBy !== '' && { created_by: entry.createdBy }),
    ...(entry.author !== '' && { author: entry.author }),
    ...(entry.comment !== '' && { comment: entry.comment }),
    ...(entry.emptyLayer && { empty_layer: true }),
  };
}

/** Go's set: `{"80/tcp": {}}`. */
function setOf(keys: readonly string[]): Record<string, object> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}
