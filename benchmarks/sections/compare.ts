/**
 * weft beside its peers: for each network size all subjects run at once, each in its own process, and take turns,
 * round after round, so that a change of the machine's speed hits all of them alike.
 */
import { type SubjectName, subjectNames } from '../lib/subject.ts';
import { recordsOfTurn, type StartOutcome, type TurnOutcome, type TurnPlan } from '../lib/subject-calls.ts';
import { type SubjectClient, startSubjectProcess } from '../lib/subject-client.ts';
import type { RunSettings, Section, SectionResult } from '../lib/suite.ts';
import { type ComparePlan, planCompare } from './compare-plan.ts';
import { reportCompare, type SubjectRun } from './compare-report.ts';

/** The side-by-side section on the given subjects. */
export function createCompareSection(subjects: readonly SubjectName[] = subjectNames): Section {
  return {
    name: 'compare',
    summary: 'put, cold resolve, rates and memory beside hyperdht, bittorrent-dht and kad-dht',
    run: (settings) => runCompare(subjects, settings),
  };
}

async function runCompare(subjects: readonly SubjectName[], settings: RunSettings): Promise<SectionResult> {
  const plan = planCompare(settings.quick);
  const runs: SubjectRun[] = [];
  for (const nodes of plan.nodeCounts) runs.push(...(await runNetworkSize(subjects, nodes, plan, settings)));
  return reportCompare(runs, plan);
}

interface Contestant {
  readonly client: SubjectClient;
  readonly start: StartOutcome;
  readonly turns: TurnOutcome[];
  concurrentMs: number;
  /** Why it takes no more turns in this network; its earlier ones count. */
  failure: string | null;
}

async function runNetworkSize(
  subjects: readonly SubjectName[],
  nodes: number,
  plan: ComparePlan,
  settings: RunSettings,
): Promise<readonly SubjectRun[]> {
  const clients: SubjectClient[] = [];
  const contestants: Contestant[] = [];
  const absent: SubjectRun[] = [];
  try {
    for (const name of subjects) {
      const client = await startSubjectProcess(name);
      clients.push(client);
      try {
        const start = await startSubject(client, nodes, settings);
        contestants.push({ client, start, turns: [], concurrentMs: 0, failure: null });
      } catch (error) {
        settings.progress(`compare: ${name} with ${nodes} nodes did not start: ${String(error)}`);
        absent.push({ subject: name, nodes, start: null, turns: [], failure: String(error) });
      }
    }
    const warmUp = { ...plan, ...plan.warmUp };
    let firstRecord = await runRound(contestants, warmUp, 0);
    for (const contestant of contestants) {
      contestant.turns.length = 0;
      contestant.concurrentMs = 0;
    }
    const roundsBeganMs = performance.now();
    for (let round = 1; round <= plan.rounds; round++) {
      if (performance.now() - roundsBeganMs > plan.roundsMsMax) break;
      settings.progress(`compare: ${nodes} nodes, round ${round} of ${plan.rounds}`);
      firstRecord = await runRound(contestants, plan, firstRecord);
    }
    const runs = contestants.map(({ client, ...rest }) => ({ subject: client.name, nodes, ...rest }));
    return subjects.flatMap((name) => [...runs, ...absent].filter((run) => run.subject === name));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function startSubject(
  client: SubjectClient,
  nodes: number,
  settings: RunSettings,
): Promise<StartOutcome> {
  const start = await client.start({ nodes, seed: settings.seed });
  settings.progress(`compare: ${client.name} with ${nodes} nodes started in ${Math.round(start.startMs)} ms`);
  return start;
}

/** One turn for each; returns the first record number that none of them has used. */
async function runRound(
  contestants: readonly Contestant[],
  limits: Pick<ComparePlan, 'sequential' | 'inFlight' | 'concurrentMsMax'> & Pick<TurnPlan, 'concurrent'>,
  firstRecord: number,
): Promise<number> {
  for (const contestant of contestants.filter(({ failure }) => failure === null)) {
    const concurrent = contestant.concurrentMs < limits.concurrentMsMax ? limits.concurrent : null;
    const turn: TurnPlan = {
      firstRecord,
      sequential: limits.sequential,
      concurrent,
      inFlight: limits.inFlight,
    };
    try {
      const outcome = await contestant.client.turn(turn);
      contestant.turns.push(outcome);
      contestant.concurrentMs +=
        (outcome.concurrentPut?.elapsedMs ?? 0) + (outcome.concurrentGet?.elapsedMs ?? 0);
    } catch (error) {
      contestant.failure = String(error);
    }
  }
  return firstRecord + recordsOfTurn(limits);
}
