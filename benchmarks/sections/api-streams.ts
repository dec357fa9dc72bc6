/** How long a revocation takes to each of thousands of event streams that one daemon has open. */
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMicroseconds } from '../lib/cpu-profile.ts';
import type { RunningDaemon } from '../lib/daemon-client.ts';
import { type Summary, summarize } from '../lib/statistics.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { type ApiClient, registerAgents, withApiProcesses, withDaemons } from './api-client.ts';

/** The section. */
export const apiStreamsSection: Section = {
  name: 'streams',
  summary: '5,000 event streams on one daemon: from the call that revokes to the event on each of them',
  run: runStreams,
};

const streamCount = 5_000;
const processes = 2;
/** A stream that has not heard of a revocation after this has missed it. */
const hearMsMax = 10_000;
/** Between two revocations. */
const pauseMs = 1_000;

interface Series {
  readonly name: string;
  readonly latenciesMs: number[];
  missing: number;
}

function runStreams({ quick, progress }: RunSettings): Promise<SectionResult> {
  const revocations = quick ? 3 : 10;
  return withDaemons(3, (daemons) =>
    withApiProcesses(processes, async (clients) => {
      const [daemon, other] = daemons;
      const agents = [
        await registerAgents(daemon!, revocations + 1),
        await registerAgents(other!, revocations),
      ];
      const bytesBefore = await daemon!.residentBytes();
      const openedMs = await openStreams(clients, daemon!.api.url);
      const bytesAfter = await daemon!.residentBytes();
      progress(`streams: ${streamCount} are open`);
      const here: Series = { name: 'revoked at the same daemon', latenciesMs: [], missing: 0 };
      const elsewhere: Series = { name: 'revoked at another daemon', latenciesMs: [], missing: 0 };
      // One that is not counted: neither side compiles its code for the first time in the others.
      await revoke(daemon!, clients, agents[0]![revocations]!, { name: '', latenciesMs: [], missing: 0 });
      for (let index = 0; index < revocations; index++) {
        await revoke(daemon!, clients, agents[0]![index]!, here);
        await revoke(other!, clients, agents[1]![index]!, elsewhere);
      }
      await Promise.all(clients.map((client) => client.closeStreams(null)));
      const memory = { bytesPerStream: (bytesAfter - bytesBefore) / streamCount, openedMs };
      return report([here, elsewhere], { revocations, ...memory });
    }),
  );
}

async function openStreams(clients: readonly ApiClient[], url: string): Promise<number> {
  const beganMs = performance.now();
  const count = streamCount / processes;
  const opened = await Promise.all(clients.map((client) => client.openStreams({ url, count })));
  const open = opened.reduce((sum, one) => sum + one, 0);
  if (open !== streamCount) throw new Error(`only ${open} of ${streamCount} streams were opened`);
  const openedMs = performance.now() - beganMs;
  await delay(pauseMs);
  return openedMs;
}

async function revoke(
  at: RunningDaemon,
  clients: readonly ApiClient[],
  agentId: string,
  series: Series,
): Promise<void> {
  const heard = clients.map((client) => client.hear({ agentId, waitMs: hearMsMax }));
  const began = monotonicMicroseconds();
  await at.client.call('POST', `/v1/agents/${agentId}/revoke`, { reason: 'keyCompromise' });
  for (const time of (await Promise.all(heard)).flat()) {
    if (time === null) series.missing++;
    else series.latenciesMs.push((time - began) / 1000);
  }
  await delay(pauseMs);
}

function report(
  series: readonly Series[],
  run: { readonly revocations: number; readonly bytesPerStream: number; readonly openedMs: number },
): SectionResult {
  const found = series.map(({ latenciesMs }) => summarize(latenciesMs));
  const missing = series.reduce((sum, one) => sum + one.missing, 0);
  const maxMs = Math.max(...found.map((summary) => summary?.max ?? Number.POSITIVE_INFINITY));
  const cells = (summary: Summary | null): string[] =>
    [summary?.p50, summary?.p90, summary?.p99, summary?.max].map(formatNumber);
  return {
    data: {
      streams: streamCount,
      ...run,
      missing,
      series: series.map(({ name }, index) => ({ name, ...found[index] })),
    },
    // A revocation that never arrives has no time below any bound.
    measurements: { 'streams/maxMs': missing === 0 ? maxMs : Number.POSITIVE_INFINITY },
    tables: [
      {
        title: `${run.revocations} revocations to each of ${streamCount} event streams, from the call to the event`,
        columns: ['', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms', 'never heard'],
        rows: series.map((one, index) => [one.name, ...cells(found[index]!), String(one.missing)]),
        notes: [
          `The clients are ${processes} processes on the same cores. Opening all streams took ${formatNumber(run.openedMs)} ms; each takes ${formatNumber(run.bytesPerStream / 1000)} kB of the daemon's memory.`,
        ],
      },
    ],
    charts: [],
  };
}
