import { readFileSync } from 'node:fs';

console.log(`VM controllers ${readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim()}`);
console.log(`VM lsm ${readFileSync('/sys/kernel/security/lsm', 'utf8')}`);
