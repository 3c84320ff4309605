import { OverlaySnapshotter } from '../../src/snapshots/overlay.ts';
import { conformance } from './conformance.ts';

conformance('overlay', (base, store, log) => new OverlaySnapshotter(base, store, log));
