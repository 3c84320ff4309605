import type { HostConfig } from '../containers/host-config.ts';
import { tweakCapabilities } from '../runtime/capabilities.ts';
import { settleResources } from '../runtime/check-resources.ts';
import { parseDeviceRule } from '../runtime/devices.ts';
import type { HostFacts } from '../runtime/host.ts';
import { rlimitsOf } from '../runtime/rlimits.ts';
import { parseSecurityOptions } from '../runtime/security-opt.ts';

/**
 * Checks at create what the runtime would refuse at start and what does not depend on that moment (a device may still
 * be plugged in). Returns the warnings about limits this kernel lacks. Throws `invalid` in Docker's words.
 */
export function checkRuntime(host: HostConfig, facts: HostFacts): readonly string[] {
  tweakCapabilities(
    { add: host.capAdd, drop: host.capDrop, privileged: host.privileged },
    facts.capabilities,
  );
  parseSecurityOptions(host.securityOpt);
  rlimitsOf(host.ulimits);
  for (const rule of host.deviceCgroupRules) parseDeviceRule(rule);
  return settleResources(host, facts).warnings;
}
