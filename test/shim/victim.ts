/** A daemon to be killed: makes a container in the lab whose spec is given, says so, and waits. */
import { createShim } from '../../src/kernel/shim-create.ts';
import { openShimImage } from '../../src/kernel/shim-image.ts';
import { ctx, sh, shimBinary } from './lab.ts';

const [spec = '', start] = process.argv.slice(2);
const creation = await createShim(ctx, openShimImage(shimBinary()), JSON.parse(spec));
if (start) await creation.start(ctx, [sh(start)]);
console.log(`${creation.shimPid} ${creation.pid}`);
setInterval(() => {}, 1000);
