import { CopySnapshotter } from '../../src/snapshots/copy.ts';
import { conformance } from './conformance.ts';

conformance('copy', (base, store, log) => new CopySnapshotter(base, store, log));
