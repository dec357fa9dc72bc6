/** How long a credential's revocation takes from the issuer's call to the last of 60 verifiers that hold it. */
import type { ControlAddress } from '../../src/cli/control-client.ts';
import { type RunningDaemon, startDaemon } from '../lib/daemon-client.ts';
import { summarize } from '../lib/statistics.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { measuredTarget } from '../lib/targets.ts';
import { startWorker } from '../lib/worker-client.ts';

/** The section. */
export const trustRevocation: MeasuredSection = {
  section: {
    name: 'revocation',
    summary:
      'time from revoke to 60 verifiers on light nodes letting go (20 with --quick), through 8 daemons',
    run: runRevocation,
  },
  targets: [
    measuredTarget('credential revocation to 60 verifiers, p99', 'revocation/p99Ms', 'below', 300, 'ms'),
    measuredTarget(
      'revoked credentials that a verifier took again',
      'revocation/takenAgain',
      'at-most',
      0,
      '',
    ),
  ],
};

/** What the process of verifiers has measured. */
export interface RevocationOutcome {
  readonly oneByOneMs: readonly number[];
  readonly lost: number;
  readonly atOnceMs: readonly number[];
  readonly atOnceLost: number;
  readonly refused: number;
  readonly asked: number;
}

const daemonCount = 8;
const issuers = 4;

async function runRevocation({ quick, progress }: RunSettings): Promise<SectionResult> {
  const nodes = quick ? 20 : 60;
  const outcome = await withDaemons(async (bootstrap, api) => {
    const worker = await startWorker({
      entry: new URL('./trust-revocation-process.ts', import.meta.url),
      name: 'verifiers',
    });
    const run = (given: { nodes: number; issuers: number }): Promise<RevocationOutcome> =>
      worker.call('revocations', { bootstrap, api, ...given }) as Promise<RevocationOutcome>;
    try {
      // Neither side compiles its code for the first time while it is measured.
      await run({ nodes: 8, issuers: 1 });
      return await run({ nodes, issuers });
    } finally {
      await worker.close();
    }
  });
  const { oneByOneMs, lost, atOnceMs, atOnceLost, refused, asked } = outcome;
  const [single, crowd] = [summarize(oneByOneMs), summarize(atOnceMs)];
  if (single === null || crowd === null) throw new Error('no verifier heard of any revocation');
  progress(`revocation: ${nodes} verifiers`);
  const row = (name: string, one: typeof single, missing: number): string[] => [
    name,
    ...[one.p50, one.p90, one.p99, one.max].map(formatNumber),
    String(one.samples),
    String(missing),
  ];
  return {
    data: { nodes, issuers, single: { ...single }, crowd: { ...crowd }, lost, atOnceLost, refused, asked },
    // A revocation that never arrives has no time below any bound.
    measurements: {
      'revocation/p99Ms':
        lost + atOnceLost === 0 ? Math.max(single.p99, crowd.p99) : Number.POSITIVE_INFINITY,
      'revocation/takenAgain': asked - refused,
    },
    tables: [
      {
        title: `Credential revocation: from the issuer's call of its daemon until each of ${nodes} verifiers has let go`,
        columns: ['what', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'samples', 'never heard'],
        rows: [
          row('one credential, by name', single, lost),
          row('30 at once, by their status list', crowd, atOnceLost),
        ],
        notes: [
          `Of what was revoked at once, ${refused} of ${asked} attempts to show it again were refused as revoked.`,
        ],
      },
    ],
    charts: [],
  };
}

async function withDaemons<Value>(
  task: (bootstrap: readonly string[], api: ControlAddress) => Promise<Value>,
): Promise<Value> {
  const daemons: RunningDaemon[] = [];
  try {
    for (let index = 0; index < daemonCount; index++)
      daemons.push(await startDaemon(daemons.slice(0, 1).map(({ address }) => address)));
    return await task(
      daemons.slice(0, 3).map(({ address }) => address),
      daemons.at(-1)!.api,
    );
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
  }
}
