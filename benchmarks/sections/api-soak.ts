/** Whether the memory of a daemon stays flat while it serves resolves, searches of history, streams and refusals. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningDaemon } from '../lib/daemon-client.ts';
import { runInLanes } from '../lib/lanes.ts';
import { median } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import {
  type ApiClient,
  publishAgents,
  registerAgents,
  withApiProcesses,
  withDaemons,
} from './api-client.ts';

/** The section. */
export const apiSoakSection: Section = {
  name: 'soak',
  summary:
    'growth of resident memory under a steady load; 2 minutes, --soak 10m for longer, none with --quick',
  run: runSoak,
};

const soakSecondsDefault = 120;
/** Not counted: the heap finds its size. */
const warmUpSeconds = 60;
const sampleEveryMs = 2_000;
const agents = 500;
/** In custody of another daemon, signed anew in turn: what is heard of changes, how much there is does not. */
const changingAgents = 200;
const changesPerSecond = 5;
/** Encrypting their key files is not what is looked at. */
const cheapKeys = ['keystore.scryptCost=1024'];
/** More than a daemon keeps of changes: beforehand, so that this is full. */
const changesBefore = 4_200;
const changesInFlight = 4;
const requestsPerSecond = 300;
const streamCount = 100;
/** Streams are closed and opened anew, so that what they leave behind shows. */
const streamRoundMs = 5_000;

interface Sample {
  readonly minutes: number;
  readonly megabytes: number;
}

function runSoak({ quick, seed, soakSeconds, progress }: RunSettings): Promise<SectionResult> {
  const seconds = soakSeconds ?? (quick ? 0 : soakSecondsDefault);
  if (seconds === 0) return Promise.resolve(notRun);
  return withDaemons(
    3,
    (daemons) =>
      withApiProcesses(2, async ([asking, listening]) => {
        const [daemon, publisher] = daemons;
        const agentIds = await publishAgents(publisher!, seed, agents);
        const changing = await registerAgents(publisher!, changingAgents);
        await fill(publisher!, changing, listening!, daemon!);
        progress('soak: everything that is bounded is full');
        const samples: Sample[] = [];
        const endsAtMs = performance.now() + (warmUpSeconds + seconds) * 1000;
        await Promise.all([
          ask(asking!, daemon!, agentIds, warmUpSeconds + seconds),
          listen(listening!, daemon!, endsAtMs),
          change(publisher!, changing, endsAtMs),
          watchMemory(daemon!, endsAtMs, samples, progress),
        ]);
        return report(samples, seconds);
      }),
    cheapKeys,
  );
}

/** Of every kind: from the cache, from the network, the key log, refusals. */
async function ask(
  client: ApiClient,
  { api }: RunningDaemon,
  agentIds: readonly string[],
  seconds: number,
): Promise<void> {
  const paths = agentIds.flatMap((agentId, index) => {
    const path = `/v1/agents/${agentId}`;
    if (index % 10 === 0) return [`${path}?fresh`];
    if (index % 10 === 1) return [`${path}/history`, '/v1/agents/nanda:none'];
    return [path, path];
  });
  await client.paced({ url: api.url, paths, requestsPerSecond, seconds, connections: 16 });
}

async function listen(client: ApiClient, { api }: RunningDaemon, endsAtMs: number): Promise<void> {
  while (performance.now() < endsAtMs) {
    await client.openStreams({ url: api.url, count: streamCount });
    await delay(streamRoundMs);
    await client.closeStreams(null);
  }
}

/** Changes are kept for readers that come back once there has been one. */
async function fill(
  publisher: RunningDaemon,
  agentIds: readonly string[],
  client: ApiClient,
  { api }: RunningDaemon,
): Promise<void> {
  await client.openStreams({ url: api.url, count: 1 });
  await runInLanes(changesBefore, changesInFlight, async (index) => {
    await refence(publisher, agentIds[index % agentIds.length]!);
  });
  await client.closeStreams(null);
}

async function change(daemon: RunningDaemon, agentIds: readonly string[], endsAtMs: number): Promise<void> {
  for (let index = 0; performance.now() < endsAtMs; index++) {
    await refence(daemon, agentIds[index % agentIds.length]!);
    await delay(1_000 / changesPerSecond);
  }
}

async function refence({ client }: RunningDaemon, agentId: string): Promise<void> {
  await client.call('POST', `/v1/agents/${agentId}/refence`, {});
}

async function watchMemory(
  daemon: RunningDaemon,
  endsAtMs: number,
  samples: Sample[],
  progress: (line: string) => void,
): Promise<void> {
  const beganMs = performance.now();
  while (performance.now() < endsAtMs) {
    const minutes = (performance.now() - beganMs) / 60_000;
    const megabytes = (await daemon.residentBytes()) / 1e6;
    const isNewMinute = Math.floor(minutes) > Math.floor(samples.at(-1)?.minutes ?? -1);
    samples.push({ minutes, megabytes });
    if (isNewMinute) progress(`soak: ${megabytes.toFixed(0)} MB after ${minutes.toFixed(0)} min`);
    await delay(sampleEveryMs);
  }
}

/** The median slope of all pairs (Theil and Sen): a collection that comes early or late does not tilt it. */
function slopeOf(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((left, index) =>
    samples
      .slice(index + 1)
      .map((right) => (right.megabytes - left.megabytes) / (right.minutes - left.minutes)),
  );
  return median(slopes);
}

const notRun: SectionResult = {
  data: { seconds: 0 },
  measurements: {},
  tables: [],
  charts: [],
};

function report(samples: readonly Sample[], seconds: number): SectionResult {
  const counted = samples.filter(({ minutes }) => minutes * 60 >= warmUpSeconds);
  const megabytesPerMinute = slopeOf(counted);
  const megabytes = counted.map((sample) => sample.megabytes);
  const figures = {
    seconds,
    megabytesPerMinute,
    firstMegabytes: megabytes[0]!,
    lastMegabytes: megabytes.at(-1)!,
    worstMegabytes: Math.max(...megabytes),
  };
  return {
    data: { ...figures, samples: samples.map((sample) => ({ ...sample })) },
    measurements: { 'soak/megabytesPerMinute': megabytesPerMinute },
    tables: [
      {
        title: `Resident memory of a daemon over ${formatNumber(seconds / 60)} minutes, after one minute of the same load`,
        columns: ['what', 'value', 'unit'],
        rows: [
          ['growth', formatNumber(megabytesPerMinute), 'MB/min'],
          ['at the start', formatNumber(figures.firstMegabytes), 'MB'],
          ['at the end', formatNumber(figures.lastMegabytes), 'MB'],
          ['worst', formatNumber(figures.worstMegabytes), 'MB'],
        ],
        notes: [
          `${requestsPerSecond} requests/s (cached, fresh, key logs, refusals), ${streamCount} streams opened anew every ${streamRoundMs / 1000} s, ${changesPerSecond} changes/s of ${changingAgents} agents, after ${changesBefore} changes.`,
        ],
      },
    ],
    charts: [],
  };
}
