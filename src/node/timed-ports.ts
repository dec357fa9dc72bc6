/** Ports that are measured from outside: the same calls, and how long each took. */
import type { DriverPorts } from '../driver/driver.ts';
import { type Overlay, OverlayError } from '../ports/overlay.ts';
import type { Verifier } from '../ports/verifier.ts';
import type { NodeMetrics } from './metrics.ts';

type Timings = Pick<NodeMetrics, 'requested' | 'verified'>;

/** What a driver needs of the outside, measured. */
export function timedPorts(
  { overlay, gossip }: Pick<DriverPorts, 'overlay' | 'gossip'>,
  verifier: Verifier,
  timings: Timings,
): Pick<DriverPorts, 'overlay' | 'gossip' | 'verifier'> {
  return { gossip, overlay: timedOverlay(overlay, timings), verifier: timedVerifier(verifier, timings) };
}

/** Requests to other peers, by outcome: `answered`, or the code of the failure. */
function timedOverlay(overlay: Overlay, { requested }: Timings): Overlay {
  return {
    get self() {
      return overlay.self;
    },
    start: overlay.start,
    meet: overlay.meet,
    push: overlay.push,
    stop: overlay.stop,
    async request(to, body, options) {
      const startMs = performance.now();
      let outcome = 'answered';
      try {
        return await overlay.request(to, body, options);
      } catch (error) {
        outcome = error instanceof OverlayError ? error.code : 'failed';
        throw error;
      } finally {
        requested(outcome, (performance.now() - startMs) / 1000);
      }
    },
  };
}

/** Batches, from handing over to the verdicts: what waits for a thread included. */
function timedVerifier(verifier: Verifier, { verified }: Timings): Verifier {
  return {
    name: verifier.name,
    isAdmissibleKey: verifier.isAdmissibleKey,
    verify: verifier.verify,
    close: verifier.close,
    async verifyAll(checks) {
      const startMs = performance.now();
      try {
        return await verifier.verifyAll(checks);
      } finally {
        verified((performance.now() - startMs) / 1000);
      }
    },
  };
}
