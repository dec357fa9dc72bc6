/** What a record costs: on the wire, in the memory of a daemon, on its disk; and the daemon's memory with 100,000. */
import { setTimeout as delay } from 'node:timers/promises';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { startCountingProxy } from '../lib/counting-proxy.ts';
import { type RunningDaemon, startDaemon } from '../lib/daemon-client.ts';
import { runInLanes } from '../lib/lanes.ts';
import { connectRecordWriter, type RecordWriter } from '../lib/record-writer.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { createBenchmarkAgent, secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const recordsSection: Section = {
  name: 'records',
  summary: 'bytes of a record on the wire, in memory and on disk; memory with 100,000 of them',
  run: runRecords,
};

const recordsOfTarget = 100_000;
const recordsQuick = 2_000;
const bundlesPerFrame = 64;
const framesInFlight = 8;
/** Records that are put, and found, one in a frame, to see what a frame costs. */
const singles = 50;
/** Between the last write and the second look at the memory. */
const settleMs = 3_000;

async function runRecords({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const records = quick ? recordsQuick : recordsOfTarget;
  const daemon = await startDaemon();
  try {
    const proxy = await startCountingProxy(portOf(daemon.address));
    const writer = await connectRecordWriter(withPort(daemon.address, proxy.port));
    try {
      const wire = await measureWire(writer, proxy.bytes, seed);
      const emptyBytes = await daemon.residentBytes();
      const beganMs = performance.now();
      await putNewAgents(writer, seed, records, (done) => progress(`records: ${done} of ${records} put`));
      const newAgentsPerSecond = (records * 1000) / (performance.now() - beganMs);
      return await reportRecords(daemon, { records, emptyBytes, wire, newAgentsPerSecond });
    } finally {
      await writer.stop();
      await proxy.stop();
    }
  } finally {
    await daemon.stop();
  }
}

interface WireBytes {
  readonly bundle: number;
  readonly putAlone: number;
  readonly putInFrame: number;
  readonly findAlone: number;
}

/** Bytes per record through the socket, both ways, on a warm stream. */
async function measureWire(writer: RecordWriter, bytes: () => number, seed: number): Promise<WireBytes> {
  // Numbers above those of the other records.
  const agents = Array.from({ length: singles + bundlesPerFrame + 1 }, (_, index) =>
    createBenchmarkAgent(seed, 1_000_000 + index, secondsNow()),
  );
  const bundles = agents.map((agent) => encodeState(agent.state));
  await writer.put([bundles.at(-1)!]);
  const counted = async (work: () => Promise<void>): Promise<number> => {
    const before = bytes();
    await work();
    return bytes() - before;
  };
  const putAlone = await counted(async () => {
    for (const bundle of bundles.slice(0, singles)) await writer.put([bundle]);
  });
  const putInFrame = await counted(() => writer.put(bundles.slice(singles, singles + bundlesPerFrame)));
  const findAlone = await counted(async () => {
    for (const agent of agents.slice(0, singles)) await writer.find([agent.state.agentId]);
  });
  return {
    bundle: bundles[0]!.length,
    putAlone: putAlone / singles,
    putInFrame: putInFrame / bundlesPerFrame,
    findAlone: findAlone / singles,
  };
}

async function putNewAgents(
  writer: RecordWriter,
  seed: number,
  records: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let done = 0;
  await runInLanes(Math.ceil(records / bundlesPerFrame), framesInFlight, async (frame) => {
    const first = frame * bundlesPerFrame;
    const count = Math.min(bundlesPerFrame, records - first);
    const bundles = Array.from({ length: count }, (_, index) =>
      encodeState(createBenchmarkAgent(seed, first + index, secondsNow()).state),
    );
    await writer.put(bundles);
    const before = done;
    done += count;
    if (Math.floor(before / 20_000) !== Math.floor(done / 20_000)) onProgress(done);
  });
}

interface RecordsFindings {
  readonly records: number;
  /** Resident memory before the records. */
  readonly emptyBytes: number;
  readonly wire: WireBytes;
  readonly newAgentsPerSecond: number;
}

async function reportRecords(daemon: RunningDaemon, findings: RecordsFindings): Promise<SectionResult> {
  const { records, emptyBytes, wire, newAgentsPerSecond } = findings;
  const atEndBytes = await daemon.residentBytes();
  await delay(settleMs);
  const settledBytes = await daemon.residentBytes();
  const stored = await daemon.stored();
  if (stored.agents < records) throw new Error(`the daemon holds ${stored.agents} of ${records} records`);
  const memoryPerRecord = (settledBytes - emptyBytes) / stored.agents;
  const diskPerRecord = stored.diskBytes / stored.agents;
  const residentMegabytes = Math.max(atEndBytes, settledBytes) / 1e6;
  return {
    data: {
      records,
      wire: { ...wire },
      memoryPerRecord,
      diskPerRecord,
      newAgentsPerSecond,
      resident: { emptyBytes, atEndBytes, settledBytes },
    },
    measurements: records >= recordsOfTarget ? { 'records/residentMegabytes': residentMegabytes } : {},
    tables: [
      {
        title: `A record of ${wire.bundle} bytes (bundle), at a daemon with ${records} of them`,
        columns: ['where', 'bytes'],
        rows: [
          ['wire: put, alone in a frame, both ways', formatNumber(wire.putAlone)],
          [`wire: put, ${bundlesPerFrame} in a frame, both ways`, formatNumber(wire.putInFrame)],
          ['wire: find, alone in a frame, both ways', formatNumber(wire.findAlone)],
          ['memory', formatNumber(memoryPerRecord)],
          ['disk', formatNumber(diskPerRecord)],
        ],
        notes: [
          `Resident memory: ${formatNumber(emptyBytes / 1e6)} MB empty, ${formatNumber(atEndBytes / 1e6)} MB after the writes, ${formatNumber(settledBytes / 1e6)} MB ${settleMs / 1000} s later.`,
          `New agents (two signatures and a new key each): ${formatNumber(newAgentsPerSecond)} a second.`,
        ],
      },
    ],
    charts: [],
  };
}

function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)![1]);
}

function withPort(address: string, port: number): string {
  return address.replace(/\/tcp\/\d+/, `/tcp/${port}`);
}
