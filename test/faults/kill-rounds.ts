/** A daemon that is killed in the middle of a stream of acknowledged puts, and what it holds when it is back. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Daemon } from '../../demo/lib/daemon.ts';
import type { FoundRecord } from '../../src/core/overlay/message.ts';
import { createTestDaemons } from '../helpers/daemons.ts';
import { nowSeconds } from '../helpers/live-nodes.ts';
import { createOutsider, type Outsider } from '../helpers/outsider.ts';
import { bornAgent, bundleOf, refenced, rotated, type TestAgent } from '../helpers/test-agent.ts';

export interface KillReport {
  readonly acknowledged: number;
  /** Acknowledged, and not there or older after the restart. */
  readonly lost: readonly string[];
  /** Sent, never acknowledged, and there: allowed, and counted to show that kills fall into the middle. */
  readonly unacknowledged: number;
}

const bundlesPerRequest = 8;
const requestsInFlight = 4;

/** What is written in a round: new agents, new fences and rotations of agents of earlier rounds. */
function versionsOf(round: number, held: readonly TestAgent[]): TestAgent[] {
  const now = nowSeconds();
  const born = Array.from({ length: 600 }, (_, index) => bornAgent(`kill ${round} ${index}`, now));
  const changed = held
    .slice(0, 200)
    .map((agent, index) =>
      index % 2 === 0
        ? refenced(agent, { primary: `https://example.org/round-${round}` }, now)
        : rotated(agent, now),
    );
  return [...changed, ...born];
}

/** @param killAfter acknowledgements of a round after which the process gets SIGKILL, so that more are under way. */
export async function killRounds(rounds: number, killAfter: (round: number) => number): Promise<KillReport> {
  const daemons = createTestDaemons();
  const writer = await createOutsider();
  const daemon = daemons.create('killed', {
    settings: ['quotas.putsBurst=1000000', 'quotas.findsBurst=1000000'],
  });
  const held = new Map<string, TestAgent>();
  const lost: string[] = [];
  let acknowledged = 0;
  let unacknowledged = 0;
  try {
    await daemon.start();
    for (let round = 0; round < rounds; round++) {
      const queue = versionsOf(round, [...held.values()]);
      const sent: TestAgent[] = [];
      let inRound = 0;
      let killed: Promise<void> | null = null;
      const write = async (): Promise<void> => {
        while (killed === null) {
          const batch = queue.splice(0, bundlesPerRequest);
          if (batch.length === 0) return;
          sent.push(...batch);
          const answering = writer.put(daemon, batch.map(bundleOf)).catch(() => null);
          // On their way when the process ends, these puts and those of the other writers.
          await turn();
          if (inRound >= killAfter(round)) killed ??= daemon.kill();
          const answers = await answering;
          if (answers === null) return;
          for (const [index, { status }] of answers.entries()) {
            if (status !== 'stored' && status !== 'merged') throw new Error(`a put was answered ${status}`);
            held.set(batch[index]!.label, batch[index]!);
            inRound++;
          }
        }
      };
      await Promise.all(Array.from({ length: requestsInFlight }, write));
      if (killed === null) throw new Error(`round ${round} ended before its kill`);
      await killed;
      acknowledged += inRound;
      await daemon.start();
      const found = await readBack(writer, daemon, held, sent);
      lost.push(...found.lost.map((label) => `${label} of round ${round}`));
      for (const agent of found.unacknowledged) held.set(agent.label, agent);
      unacknowledged += found.unacknowledged.length;
    }
    return { acknowledged, lost, unacknowledged };
  } finally {
    await writer.stop();
    await daemons.close();
  }
}

/**
 * Compares what the daemon holds with what it acknowledged. What was under way at the kill may have been stored without
 * its acknowledgement: an agent that was not held before, or a newer version of one that was.
 */
async function readBack(
  reader: Outsider,
  daemon: Daemon,
  held: ReadonlyMap<string, TestAgent>,
  sent: readonly TestAgent[],
): Promise<{ readonly lost: readonly string[]; readonly unacknowledged: readonly TestAgent[] }> {
  const lastSent = new Map(sent.map((agent) => [agent.label, agent]));
  const agents = [...new Map([...held, ...lastSent]).values()];
  const records = await reader.findAll(
    daemon,
    agents.map(({ agentId }) => agentId),
  );
  const isStored = (record: FoundRecord | undefined, agent: TestAgent | undefined): boolean =>
    agent !== undefined && record instanceof Uint8Array && Buffer.from(record).equals(bundleOf(agent));
  const lost: string[] = [];
  const unacknowledged: TestAgent[] = [];
  for (const [index, { label }] of agents.entries()) {
    const record = records[index];
    const [acknowledged, newest] = [held.get(label), lastSent.get(label)];
    if (isStored(record, acknowledged)) continue;
    if (isStored(record, newest)) unacknowledged.push(newest!);
    else if (acknowledged !== undefined || record !== null) lost.push(label);
  }
  return { lost, unacknowledged };
}
