/** Search by capability among 10,000 announcements: from a call of a node that stores nothing to its checked answer. */
import { startNetworkProcess } from '../lib/network-client.ts';
import type { SearchCalls } from '../lib/search-process.ts';
import { summarize } from '../lib/statistics.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { measuredTarget } from '../lib/targets.ts';

/** The section. */
export const trustSearch: MeasuredSection = {
  section: {
    name: 'search',
    summary: 'search among 10,000 announcements in a network of 20 nodes (2,000 with --quick)',
    run: runSearch,
  },
  targets: [
    measuredTarget(
      'capability search, 10,000 announcements, 20 nodes, p50',
      'search/p50Ms',
      'below',
      50,
      'ms',
    ),
  ],
};

const nodes = 20;
/** Hits that a search asks for, as `weft search` does. */
const limit = 20;

async function runSearch({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const announcements = quick ? 2_000 : 10_000;
  const searches = quick ? 200 : 1_000;
  const network = await startNetworkProcess<SearchCalls>('search-process.ts', nodes);
  try {
    progress(`search: ${nodes} nodes started in ${Math.round(network.startMs)} ms`);
    const { stored, sent, announceMs } = await network.call('announce', { seed, count: announcements });
    progress(`search: ${announcements} announcements are kept after ${Math.round(announceMs / 1000)} s`);
    const found = await network.call('search', { seed, announcements, searches, limit });
    const [tags, prefixes] = [summarize(found.tagMs), summarize(found.prefixMs)];
    const all = summarize([...found.tagMs, ...found.prefixMs]);
    if (all === null || tags === null || prefixes === null) throw new Error('no search was answered');
    const row = (name: string, one: NonNullable<typeof all>): string[] => [
      name,
      ...[one.p50, one.p90, one.p99, one.max].map(formatNumber),
      String(one.samples),
    ];
    return {
      data: {
        ...{ nodes, announcements, searches, limit, stored, sent, wrong: found.wrong },
        ...{ tagMs: { ...tags }, prefixMs: { ...prefixes }, allMs: { ...all } },
      },
      // An answer that lacks what is there has no time below any bound.
      measurements: {
        'search/p50Ms': found.wrong === 0 ? all.p50 : Number.POSITIVE_INFINITY,
        'search/p99Ms': found.wrong === 0 ? all.p99 : Number.POSITIVE_INFINITY,
      },
      tables: [
        {
          title: `Search among ${announcements} announcements in ${nodes} nodes, ${limit} agents an answer, one call at a time`,
          columns: ['what', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'samples'],
          rows: [row('the very tag', tags), row('a prefix of ten tags', prefixes), row('all', all)],
          notes: [
            `The searcher stores nothing itself: it asks at least 5 storing peers and checks the signatures of all that it shows. Kept: ${stored} of ${sent} sent. Answers that lacked something: ${found.wrong}.`,
          ],
        },
      ],
      charts: [],
    };
  } finally {
    await network.stop();
  }
}
