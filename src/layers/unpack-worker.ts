import { parentPort } from 'node:worker_threads';
import { Inbox } from './unpack/inbox.ts';
import type { FromWorker, ToWorker, WorkerJob } from './unpack/protocol.ts';
import { unpackLayer, wireError } from './unpack/unpack-layer.ts';

/* Entry of an unpack worker: see unpack/protocol.ts for what is said. */

const port = parentPort;
if (!port) throw new Error('unpack-worker runs as a worker thread');
const post = (message: FromWorker): void => port.postMessage(message);

let inbox = new Inbox(0);

port.on('message', (message: ToWorker) => {
  if (message.kind !== 'job') {
    inbox.put(message);
    return;
  }
  run(message.job).then(
    (done) => post(done),
    (error: unknown) => post({ kind: 'failed', error: wireError(error) }),
  );
});

async function run(job: WorkerJob): Promise<FromWorker> {
  const { source } = job;
  const own = new Inbox(source.kind === 'file' ? source.received : 0);
  inbox = own;
  const bytes = source.kind === 'file' ? own.file(source.path, source.size) : own.stream();
  const result = await unpackLayer(bytes, job, (consumed) => {
    own.check();
    post({ kind: 'consumed', bytes: consumed });
  });
  return { kind: 'done', result };
}
