/* The shim's own tests where they find cgroup v2 and an older kernel; the console is the report. */
process.env['GANTRY_SHIM'] = '/gantry/native/build/gantry-shim';
await import('../../shim/cgroups.test.ts');
await import('../../shim/exec.test.ts');
await import('../../shim/hooks.test.ts');
await import('../../shim/hostile.test.ts');
await import('../../shim/life.test.ts');
await import('../../shim/mounts.test.ts');
await import('../../shim/namespaces.test.ts');
await import('../../shim/paths.test.ts');
await import('../../shim/process.test.ts');
await import('../../shim/tty.test.ts');
