/** A daemon that is killed in the middle of a stream of acknowledged puts, and what it holds when it is back. */
import { setImmediate as turn } from 'node:timers/promises';
import { createTestDaemons } from '../helpers/daemons.ts';
import { nowSeconds } from '../helpers/live-nodes.ts';
import { createOutsider } from '../helpers/outsider.ts';
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
          const answers = await writer.put(daemon, batch.map(bundleOf)).catch(() => null);
          if (answers === null) return;
          for (const [index, { status }] of answers.entries()) {
            if (status !== 'stored' && status !== 'merged') throw new Error(`a put was answered ${status}`);
            held.set(batch[index]!.label, batch[index]!);
            inRound++;
          }
          if (inRound >= killAfter(round)) killed ??= daemon.kill();
          await turn();
        }
      };
      await Promise.all(Array.from({ length: requestsInFlight }, write));
      if (killed === null) throw new Error(`round ${round} ended before its kill`);
      await killed;
      acknowledged += inRound;
      await daemon.start();
      for (const agent of held.values()) {
        const record = await writer.find(daemon, agent.agentId);
        const isThere = record instanceof Uint8Array && Buffer.from(record).equals(bundleOf(agent));
        // A change under way at the kill may have been stored without its acknowledgement.
        const newer = sent.findLast(({ label }) => label === agent.label);
        const isNewer =
          newer !== undefined && record instanceof Uint8Array && Buffer.from(record).equals(bundleOf(newer));
        if (isNewer) held.set(agent.label, newer);
        else if (!isThere) lost.push(`${agent.label} of round ${round}`);
      }
      for (const agent of sent) {
        if (held.has(agent.label)) continue;
        if ((await writer.find(daemon, agent.agentId)) instanceof Uint8Array) {
          unacknowledged++;
          held.set(agent.label, agent);
        }
      }
    }
    return { acknowledged, lost, unacknowledged };
  } finally {
    await writer.stop();
    await daemons.close();
  }
}
