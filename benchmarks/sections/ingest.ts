/**
 * How many updates of known agents one daemon verifies, joins and makes durable in a second, over a socket from another
 * process, beside what verification alone and synced group commit alone do on the same cores, round by round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signFence } from '../../src/core/author/fence.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { type AreaTime, monotonicMicroseconds, profilerArguments, readProfile } from '../lib/cpu-profile.ts';
import { startDaemon } from '../lib/daemon-client.ts';
import { runInLanes } from '../lib/lanes.ts';
import { measureGroupCommits, measureVerifications } from '../lib/raw-rates.ts';
import { connectRecordWriter, type RecordWriter } from '../lib/record-writer.ts';
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import {
  type BenchmarkAgent,
  createBenchmarkAgent,
  secondsNow,
  valuesOfRecord,
} from '../lib/weft-records.ts';

/** The section. */
export const ingestSection: Section = {
  name: 'ingest',
  summary: 'verified updates a second at one daemon, beside raw verification and raw group commit',
  run: runIngest,
};

/** What the paper asks of a shard. */
const paperUpdatesPerSecond = 10_000;
const bundlesPerFrame = 64;
const framesInFlight = 16;

interface IngestPlan {
  readonly agents: number;
  readonly rounds: number;
  /** Updates of each agent in one round. */
  readonly updatesPerAgent: number;
  readonly rawMs: number;
}

async function runIngest({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const plan: IngestPlan = quick
    ? { agents: 2_048, rounds: 2, updatesPerAgent: 1, rawMs: 500 }
    : { agents: 4_096, rounds: 5, updatesPerAgent: 3, rawMs: 2_000 };
  const rounds: { verifications: number; commits: number; updates: number }[] = [];
  const agents = Array.from({ length: plan.agents }, (_, record) =>
    createBenchmarkAgent(seed, record, secondsNow()),
  );
  await withWriter([], async (writer) => {
    await register(writer, agents);
    for (let round = 0; round < plan.rounds; round++) {
      progress(`ingest: round ${round + 1} of ${plan.rounds}`);
      const bundles = signUpdates(agents, plan.updatesPerAgent);
      const verifications = await measureVerifications(seed, plan.rawMs);
      const commits = await measureGroupCommits(seed, plan.rawMs);
      rounds.push({ verifications, commits, updates: await putAll(writer, bundles) });
    }
  });
  progress('ingest: one more round, profiled');
  return reportIngest(rounds, plan, await profileIngest(agents, plan.updatesPerAgent));
}

/** A daemon of its own, since a profile costs time; what its first thread did during one round, an update. */
async function profileIngest(
  agents: BenchmarkAgent[],
  updatesPerAgent: number,
): Promise<readonly AreaTime[]> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-profile-'));
  try {
    let fromMicroseconds = 0;
    let toMicroseconds = 0;
    let updates = 0;
    await withWriter(profilerArguments(directory), async (writer) => {
      await register(writer, agents);
      await putAll(writer, signUpdates(agents, updatesPerAgent));
      const bundles = signUpdates(agents, updatesPerAgent);
      updates = bundles.length;
      fromMicroseconds = monotonicMicroseconds();
      await putAll(writer, bundles);
      toMicroseconds = monotonicMicroseconds();
    });
    const areas = await readProfile(directory, { fromMicroseconds, toMicroseconds });
    return areas.map(({ area, ms }) => ({ area, ms: ms / updates }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function withWriter(
  nodeArguments: readonly string[],
  run: (writer: RecordWriter) => Promise<void>,
): Promise<void> {
  const daemon = await startDaemon([], nodeArguments);
  try {
    const writer = await connectRecordWriter(daemon.address);
    await run(writer).finally(() => writer.stop());
  } finally {
    await daemon.stop();
  }
}

async function register(writer: RecordWriter, agents: readonly BenchmarkAgent[]): Promise<void> {
  await putAll(
    writer,
    agents.map((agent) => encodeState(agent.state)),
  );
}

/** Fences that follow each agent's last one, agent by agent, then the next of each: no two of one agent side by side. */
function signUpdates(agents: BenchmarkAgent[], updatesPerAgent: number): readonly Uint8Array[] {
  const bundles: Uint8Array[] = [];
  const nowSeconds = secondsNow();
  for (let update = 0; update < updatesPerAgent; update++) {
    for (const [record, { signer, state }] of agents.entries()) {
      const { keyState, addr } = state;
      const writer = controllerOf(keyState, signer);
      const fence = signFence({ keyState, writer, values: valuesOfRecord(record), held: addr, nowSeconds });
      const updated = { ...state, ...fence };
      agents[record] = { signer, state: updated };
      bundles.push(encodeState(updated));
    }
  }
  return bundles;
}

/** Puts all bundles and returns how many were acknowledged as durable in a second. */
async function putAll(writer: RecordWriter, bundles: readonly Uint8Array[]): Promise<number> {
  const beganMs = performance.now();
  await runInLanes(Math.ceil(bundles.length / bundlesPerFrame), framesInFlight, (frame) =>
    writer.put(bundles.slice(frame * bundlesPerFrame, (frame + 1) * bundlesPerFrame)),
  );
  return (bundles.length * 1000) / (performance.now() - beganMs);
}

function reportIngest(
  rounds: readonly { verifications: number; commits: number; updates: number }[],
  plan: IngestPlan,
  profile: readonly AreaTime[],
): SectionResult {
  const verificationsPerSecond = median(rounds.map((round) => round.verifications));
  const commitsPerSecond = median(rounds.map((round) => round.commits));
  const updatesPerSecond = median(rounds.map((round) => round.updates));
  const rawLowerPerSecond = Math.min(verificationsPerSecond, commitsPerSecond);
  const ofPaper = updatesPerSecond / paperUpdatesPerSecond;
  return {
    data: {
      plan: { ...plan, bundlesPerFrame, framesInFlight },
      rounds,
      updatesPerSecond,
      verificationsPerSecond,
      commitsPerSecond,
      ratio: updatesPerSecond / rawLowerPerSecond,
      ofPaper,
      profile: profile.map(({ area, ms }) => ({ area, microsecondsPerUpdate: ms * 1000 })),
    },
    measurements: {
      'ingest/updatesPerSecond': updatesPerSecond,
      'ingest/rawLowerPerSecond': rawLowerPerSecond,
    },
    tables: [
      {
        title:
          'Ingest of updates at one daemon, keys admitted; the writer is another process on the same cores',
        columns: ['rate', 'per second'],
        rows: [
          ['verified, joined, durable updates', formatNumber(updatesPerSecond)],
          ['signature verifications alone, all cores', formatNumber(verificationsPerSecond)],
          ['synced group commits alone, writes of one record', formatNumber(commitsPerSecond)],
          ['updates of the lower of the two', formatNumber(updatesPerSecond / rawLowerPerSecond)],
          [`updates of the paper's ${paperUpdatesPerSecond} a shard`, formatNumber(ofPaper)],
        ],
      },
      {
        title: "The daemon's first thread during one round, from a profile; its second verifies",
        columns: ['area', 'us an update'],
        rows: profile.map(({ area, ms }) => [area, formatNumber(ms * 1000)]),
      },
    ],
    charts: [
      {
        title: 'One daemon: updates beside its ceilings',
        unit: 'per second',
        groups: ['updates', 'verifications', 'group commits'],
        series: [
          {
            name: 'weft',
            values: [updatesPerSecond, verificationsPerSecond, commitsPerSecond],
            tails: [null, null, null],
          },
        ],
      },
    ],
  };
}
