/**
 * The demo: eight real daemons on this machine, one agent's whole life, and what it took.
 * `npm run demo` tells it; `npm run demo -- --json` prints one object. Exits with 1 when a step did not hold.
 */
import { createReport, type StepResult } from './lib/report.ts';
import { createStory, type Story } from './lib/story.ts';
import { createWorld, type World } from './lib/world.ts';
import { join, register, registerOthers, resolveEverywhere } from './steps/birth.ts';
import { crash, knows, readAll, rejoin, revoke } from './steps/death.ts';
import { type Loot, recover, replay, rotate, steal } from './steps/keys.ts';
import { mergeWriters, revokeDelegate, sameEverywhere } from './steps/writers.ts';

const nodeCount = 8;
const otherAgents = 50;
const interruptedExitCode = 130;

interface Step {
  readonly name: string;
  readonly title: string;
  run(): Promise<void>;
}

/** The life, in order; each step needs those before it. */
function stepsOf(world: World): Step[] {
  let loot: Loot | null = null;
  let primaryUrl: string | null = null;
  const taken = (): Loot => loot!;
  return [
    { name: 'join', title: `${nodeCount} daemons join through one address`, run: () => join(world) },
    { name: 'register', title: "register the agent of the paper's Table 3", run: () => register(world) },
    { name: 'resolve', title: 'resolve it from every node', run: () => resolveEverywhere(world) },
    {
      name: 'others',
      title: `register ${otherAgents} more agents`,
      run: () => registerOthers(world, otherAgents),
    },
    { name: 'merge', title: 'two writers on two nodes, at once', run: () => mergeWriters(world) },
    {
      name: 'rotate',
      title: 'rotate its key',
      run: async () => {
        loot = await rotate(world);
        primaryUrl = (await sameEverywhere(world)).fields.primary.url;
      },
    },
    { name: 'replay', title: 'replay the old record at every node', run: () => replay(world, taken()) },
    { name: 'theft', title: 'a stolen rotation key is used', run: () => steal(world, taken()) },
    { name: 'recover', title: 'recover the agent', run: () => recover(world, primaryUrl) },
    {
      name: 'revoke-delegate',
      title: 'delegate, then revoke the delegate',
      run: () => revokeDelegate(world),
    },
    { name: 'crash', title: 'kill three nodes, the bootstrap among them', run: () => crash(world) },
    { name: 'rejoin', title: 'they come back and catch up', run: () => rejoin(world) },
    { name: 'revoke', title: 'revoke the agent while a node is down', run: () => revoke(world) },
    {
      name: 'knows',
      title: 'the node that was down comes back and knows',
      run: () => knows(world, taken().bundle),
    },
    { name: 'read-all', title: 'read everything that was acknowledged', run: () => readAll(world) },
  ];
}

/** Runs the steps until one does not hold. */
async function tell(world: World, story: Story): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of stepsOf(world)) {
    story.begin(step.name, step.title);
    const startedAtMs = performance.now();
    const problem = await step.run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const ms = Math.round((performance.now() - startedAtMs) * 10) / 10;
    story.end(problem === null, ms, problem);
    // With --json the story is silent, and the object says only which step it was.
    if (problem !== null) process.stderr.write(`${step.name}: ${problem}\n`);
    results.push({ name: step.name, ok: problem === null, ms });
    if (problem !== null) break;
  }
  return results;
}

async function main(): Promise<number> {
  const isJson = process.argv.includes('--json');
  const output = isJson ? { write: () => true } : process.stdout;
  const story = createStory(output, process.env['NO_COLOR'] === undefined);
  const world = createWorld(nodeCount, story);
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void world.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  const startedAtMs = performance.now();
  try {
    story.title(`weft: ${nodeCount} nodes on this machine, one agent's whole life`);
    const steps = await tell(world, story);
    if (isInterrupted) return interruptedExitCode;
    const report = createReport(world, steps, performance.now() - startedAtMs);
    if (isJson) process.stdout.write(`${JSON.stringify(report.json)}\n`);
    else story.print(report.lines);
    return report.json.ok ? 0 : 1;
  } finally {
    story.close();
    await world.close();
  }
}

process.exitCode = await main();
