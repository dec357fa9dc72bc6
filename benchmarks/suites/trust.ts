/** Trust and resolution: what it costs to find, to believe and to refuse an agent. Each section brings its own targets. */
import type { MeasuredSection, Suite } from '../lib/suite.ts';
import { trustAudit } from '../sections/trust-audit.ts';
import { trustFacts } from '../sections/trust-facts.ts';
import { trustPrivate } from '../sections/trust-private.ts';
import { trustResolution } from '../sections/trust-resolution.ts';
import { trustRevocation } from '../sections/trust-revocation.ts';
import { trustSearch } from '../sections/trust-search.ts';

const parts: readonly MeasuredSection[] = [
  // One line a section.
  trustFacts,
  trustRevocation,
  trustSearch,
  trustPrivate,
  trustResolution,
  trustAudit,
];

/** `npm run bench -- trust`. */
export const trustSuite: Suite = {
  name: 'trust',
  title: 'facts, credentials, resolution and search on loopback',
  sections: parts.map(({ section }) => section),
  targets: parts.flatMap(({ targets }) => targets),
  packages: ['libp2p', '@libp2p/gossipsub', 'sodium-native', 'canonicalize', 'minisearch'],
};
