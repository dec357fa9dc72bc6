/** The least that a put and a resolve can take on this machine over this transport, part by part. */
import { floorsOf, measureParts } from '../lib/floors.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';

/** The section. */
export const floorsSection: Section = {
  name: 'floors',
  summary:
    'what a put and a resolve are made of: signatures, bare requests, synced commits; their sum is a floor',
  run: runFloors,
};

async function runFloors({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const samples = quick ? 200 : 1_000;
  const parts = await measureParts(seed, samples);
  const floors = floorsOf(parts);
  progress(`floors: resolve ${formatNumber(floors.resolveMs)} ms, put ${formatNumber(floors.putMs)} ms`);
  return {
    data: { samples, parts: { ...parts }, floors: { ...floors } },
    measurements: {
      'floors/resolveMs': floors.resolveMs,
      'floors/putMs': floors.putMs,
      'floors/putsPerSecond': floors.putsPerSecond,
    },
    tables: [
      {
        title: 'Floors: all peers in one process, one thread, nothing but signatures, transport and disk',
        columns: ['part', 'ms'],
        rows: [
          ['one signature', formatNumber(parts.verificationMs)],
          ['the first look at a key', formatNumber(parts.admissionMs)],
          ['bare requests of a resolve, three at once', formatNumber(parts.requestsOfResolveMs)],
          ['bare requests of a put, five at once', formatNumber(parts.requestsOfPutMs)],
          ['synced commits of a put, five stores at once', formatNumber(parts.commitsOfPutMs)],
          ['a cold resolve takes at least', formatNumber(floors.resolveMs)],
          ['a put to w = 5 takes at least', formatNumber(floors.putMs)],
        ],
        notes: [
          `Signatures alone allow ${formatNumber(floors.putsPerSecond)} puts a second to k = 20 peers of one thread.`,
        ],
      },
    ],
    charts: [],
  };
}
