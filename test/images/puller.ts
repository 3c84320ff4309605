/** Run by a test as a process of its own, to be killed: opens the images under a directory as the daemon would, and pulls. */
import { writeSync } from 'node:fs';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { pullImage } from '../../src/engine/pull.ts';
import { parseReference } from '../../src/formats/reference.ts';
import { openLab } from './lab.ts';

const [root = '', name = ''] = process.argv.slice(2);
const lab = await openLab(undefined, root);
writeSync(1, 'ready\n');
const request = { reference: parseReference(name), credentials: ANONYMOUS };
await pullImage(lab.ctx, lab.deps, request, (progress) => {
  if (progress.kind === 'status' && progress.status === 'Pull complete') writeSync(1, 'layer\n');
});
writeSync(1, 'pulled\n');
process.exit(0);
