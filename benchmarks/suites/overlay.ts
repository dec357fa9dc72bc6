/** The overlay: what one agent's record costs to write, to find and to keep, beside the peers of the field. */
import type { Suite } from '../lib/suite.ts';
import { measuredTarget, ratioTarget, type TargetRow } from '../lib/targets.ts';
import { addressSection } from '../sections/address.ts';
import { createCompareSection } from '../sections/compare.ts';
import { floorsSection } from '../sections/floors.ts';
import { gossipSection } from '../sections/gossip.ts';
import { ingestSection } from '../sections/ingest.ts';
import { recordsSection } from '../sections/records.ts';
import { startupSection } from '../sections/startup.ts';

/** Network sizes at which the ratios are targets. */
const nodeCounts = [20, 60];

/** The default suite. */
export const overlaySuite: Suite = {
  name: 'overlay',
  title: 'weft beside hyperdht, bittorrent-dht and kad-dht on loopback',
  sections: [
    createCompareSection(),
    addressSection,
    ingestSection,
    gossipSection,
    recordsSection,
    startupSection,
    floorsSection,
  ],
  targets: [
    measuredTarget(
      "AgentAddr of the paper's Table 3, signature included",
      'address/bytes',
      'at-most',
      120,
      'bytes',
    ),
    ...against('hyperdht', 'cold resolve p50, time', 'resolveP50Ms', 'at-most', 0.5),
    ...against('hyperdht', 'put to w = 5 p50, time', 'putP50Ms', 'at-most', 0.7),
    ...against('hyperdht', 'resolves/s, 64 in flight', 'resolvesPerSecond', 'at-least', 5),
    ...against('hyperdht', 'puts/s, 64 in flight', 'putsPerSecond', 'at-least', 5),
    ...against('kad-dht', 'resolves/s, 64 in flight', 'resolvesPerSecond', 'at-least', 20),
    ...against('kad-dht', 'puts/s, 64 in flight', 'putsPerSecond', 'at-least', 20),
    ratioTarget(
      'ingest at one node against the lower of raw verification and raw synced group commit',
      { of: 'ingest/updatesPerSecond', to: 'ingest/rawLowerPerSecond' },
      'at-least',
      0.7,
    ),
    measuredTarget('gossip to all of 60 nodes, p99', 'gossip/60/p99Ms', 'below', 150, 'ms'),
    measuredTarget(
      'daemon resident memory with 100,000 records',
      'records/residentMegabytes',
      'below',
      250,
      'MB',
    ),
  ],
  packages: [
    'hyperdht',
    'bittorrent-dht',
    '@libp2p/kad-dht',
    'libp2p',
    '@libp2p/gossipsub',
    'sodium-native',
    'classic-level',
  ],
};

function against(
  subject: string,
  what: string,
  measurement: string,
  comparison: TargetRow['comparison'],
  target: number,
): readonly TargetRow[] {
  return nodeCounts.map((nodes) => {
    const paths = {
      of: `compare/weft/${nodes}/${measurement}`,
      to: `compare/${subject}/${nodes}/${measurement}`,
    };
    return ratioTarget(`${what}, against ${subject}, N = ${nodes}`, paths, comparison, target);
  });
}
