/** The light node: what embedding weft in an agent costs, in time, in traffic and in memory. */
import type { Suite } from '../lib/suite.ts';
import { measuredTarget, ratioTarget } from '../lib/targets.ts';
import { lightCallsSection } from '../sections/light-calls.ts';
import { lightColdSection } from '../sections/light-cold.ts';
import { lightHearingSection } from '../sections/light-hearing.ts';
import { lightIdleSection } from '../sections/light-idle.ts';
import { lightMemorySection } from '../sections/light-memory.ts';

/** `npm run bench -- light`. */
export const lightSuite: Suite = {
  name: 'light',
  title: 'a light node among full nodes on loopback',
  sections: [lightCallsSection, lightColdSection, lightHearingSection, lightMemorySection, lightIdleSection],
  targets: [
    measuredTarget(
      'from createLightNode to the first record, worst',
      'calls/firstResolveMs',
      'below',
      1000,
      'ms',
    ),
    measuredTarget('resolve of what is held', 'calls/warmResolveMicroseconds', 'below', 50, 'µs'),
    ratioTarget(
      'cold resolve p50 against that of a full node',
      { of: 'cold/lightP50Ms', to: 'cold/fullP50Ms' },
      'at-most',
      1.5,
    ),
    measuredTarget(
      '100 agents of one process registered through 8 daemons, worst',
      'calls/registerMs',
      'below',
      3000,
      'ms',
    ),
    measuredTarget('revocation to 60 light nodes, p99', 'hearing/p99Ms', 'below', 150, 'ms'),
    measuredTarget('idle traffic, both directions', 'idle/bytesPerSecond', 'below', 200, 'B/s'),
    measuredTarget('resident memory added to an agent', 'memory/addedMegabytes', 'below', 40, 'MB'),
  ],
  packages: ['libp2p', '@libp2p/gossipsub', 'sodium-native', '@noble/ed25519'],
};
