/** `npm run sim -- virtual`: the whole node, libp2p included, in virtual time. */
import { parseArgs } from 'node:util';
import { formatNumber, renderTable } from '../../benchmarks/lib/table.ts';
import { createChance } from '../lib/chance.ts';
import { ScenarioError } from '../lib/scenario.ts';
import { startMs } from '../lib/world.ts';
import type { Console } from '../report/console.ts';
import type { VirtualSettings } from './run-virtual.ts';
import type { VirtualResult } from './virtual-result.ts';
import { installVirtualTime } from './virtual-time.ts';

const progressSeconds = 10;
/** Joining, registering, peace and reading take more than one. */
const minutesMin = 2;

/** Returns the exit code. Takes over the timers of the process: one run a process. @throws ScenarioError */
export async function runVirtualCommand(args: readonly string[], console: Console): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      nodes: { type: 'string', default: '20' },
      minutes: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const settings: VirtualSettings = {
    seed: wholeNumber('--seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    nodes: wholeNumber('--nodes', values.nodes, 8, 200),
    minutes: wholeNumber('--minutes', values.minutes, minutesMin, 24 * 60),
  };
  const chance = createChance(settings.seed);
  const time = installVirtualTime(startMs, chance);
  // Not before now: packages of the network stack take their timers when they are loaded.
  const { runVirtual } = await import('./run-virtual.ts');
  let shownAt = 0;
  const result = await runVirtual(settings, time, chance, ({ phase, virtualSeconds, faults }) => {
    if (virtualSeconds < shownAt) return;
    shownAt = virtualSeconds + progressSeconds;
    const line = `${phase.padEnd(12)} ${virtualSeconds.toFixed(0)} s of ${settings.minutes * 60}  ${faults} faults`;
    console.stderr(console.isTerminal ? `\r\u001b[2K${line}` : `${line}\n`);
  });
  if (console.isTerminal) console.stderr('\r\u001b[2K');
  console.stdout(values.json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
  return values.json || result.ok ? 0 : 1;
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most)
    throw new ScenarioError(`${flag} takes a whole number from ${least} to ${most}`);
  return number;
}

function describe(result: VirtualResult): string {
  const thresholds = renderTable({
    title: `whole nodes in virtual time: ${result.nodes} nodes, ${result.minutes} minutes, seed ${result.seed}`,
    columns: ['threshold', 'limit', 'here', ''],
    rows: result.thresholds.map(({ name, value, limit, comparison, ok }) => [
      name,
      `${comparison === 'at-most' ? '<=' : '>='} ${limit}`,
      formatNumber(value),
      ok ? 'ok' : 'NOT MET',
    ]),
  });
  const measures = renderTable({
    title: 'measured',
    columns: ['', ''],
    rows: Object.entries(result.measures).map(([name, value]) => [name, formatNumber(value)]),
  });
  const invariants = result.invariants.flatMap(({ name, ok, violations }) => [
    `${ok ? '✓' : '✗'} ${name}`,
    ...violations.slice(0, 5).map((violation) => `    ${violation}`),
  ]);
  const rate = formatNumber(result.virtualSeconds / result.wallSeconds);
  const failure = ['', 'the last that happened:', ...result.story, '', `repeat it: ${result.command}`];
  return [
    thresholds,
    '',
    measures,
    '',
    ...invariants,
    '',
    `${result.virtualSeconds} s of virtual time in ${result.wallSeconds.toFixed(1)} s (${rate} times; ${result.cpuSeconds.toFixed(1)} s of CPU), ${result.events} events, trace ${result.traceHash}`,
    ...(result.ok ? [] : failure),
  ].join('\n');
}
