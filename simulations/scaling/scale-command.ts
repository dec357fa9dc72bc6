/** `npm run sim -- scale`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ScenarioError } from '../lib/scenario.ts';
import { wholeNumber } from '../lib/scenario-files.ts';
import type { Console } from '../report/console.ts';
import { createProgress } from '../report/progress.ts';
import { quoted, writeBoth, writeText } from '../report/write-files.ts';
import { planRuns, seriesList } from './plan.ts';
import { type FittedQuantity, fitAll } from './quantities.ts';
import {
  dataFormat,
  encodeData,
  isSameRun,
  readData,
  runPlanned,
  type ScalingData,
  type ScalingRun,
} from './scaling-data.ts';

const help = `usage: npm run sim -- scale [options]

What a node costs by the number of nodes, agents, lookups, updates and revocations: runs that vary one thing at a time,
lines fitted to what they measured, and those lines drawn out to 10⁶ nodes and 10⁹ to 10¹² agents.

  --nodes N,N      sizes, default 100,200,400: three minutes; 10000 takes some minutes for each series
  --series S,S     some of the series, and calm with them: ${seriesList.map(({ name }) => name).join(', ')}
  --seed N         default 1
  --data FILE      runs are kept there, and those that it has are not run again
  --only-data      runs nothing: everything comes from --data
  --json           the result as one object on stdout, progress on stderr
  --report FILE    also as a page with plots
  --out FOLDER     both, as scaling.json and .html
  --document FILE  puts the tables into that document, and the pictures into images/ beside it
  --help

examples:
  npm run sim -- scale
  npm run sim -- scale --nodes 1000,2000,4000 --series calm,lookups --report lookups.html
  npm run sim -- scale --only-data --data docs/data/scaling.jsonl
  npm run sim -- scale --only-data --data docs/data/scaling.jsonl --document docs/scaling.md

exit codes: 0 done; 1 an invariant did not hold in some run; 2 wrong usage
`;

const sizesDefault = '100,200,400';
const options = {
  nodes: { type: 'string', default: sizesDefault },
  series: { type: 'string' },
  seed: { type: 'string', default: '1' },
  data: { type: 'string' },
  'only-data': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  report: { type: 'string' },
  out: { type: 'string' },
  document: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Returns the exit code. @throws ScenarioError, ResultFileError */
export async function runScaleCommand(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  if (values.help) {
    console.stdout(help);
    return 0;
  }
  if (positionals.length > 0) throw new ScenarioError('scale takes options only');
  if (values['only-data'] && values.data === undefined) throw new ScenarioError('--only-data needs --data');
  const seed = wholeNumber('--seed', values.seed, 0);
  const data = values['only-data']
    ? readData(values.data!)
    : await gather(values.nodes, values.series, seed, values.data, console);
  if (data.runs.length === 0) throw new ScenarioError('there is no run to draw anything from');
  const fitted = fitAll(data);
  const ok = data.runs.every(({ broken }) => broken.length === 0);
  const command = `npm run sim -- scale${args.map((argument) => ` ${quoted(argument)}`).join('')}`;
  const { describeScaling, renderScaling } = await import('./scaling-report.ts');
  const page = (): string => renderScaling(fitted, data.runs, command);
  if (values.report !== undefined) writeText(values.report, page());
  const result = await resultOf(ok, data, fitted, command);
  if (values.out !== undefined)
    console.stderr(`${writeBoth(values.out, 'scaling', result, page()).join('\n')}\n`);
  if (values.document !== undefined) await writeDocument(values.document, fitted);
  console.stdout(values.json ? `${JSON.stringify(result)}\n` : `${describeScaling(fitted)}\n`);
  return ok ? 0 : 1;
}

async function gather(
  nodes: string,
  series: string | undefined,
  seed: number,
  path: string | undefined,
  console: Console,
): Promise<ScalingData> {
  const sizes = [...new Set(nodes.split(',').map((text) => wholeNumber('--nodes', text, 2)))];
  const planned = planRuns(sizes, series === undefined ? [] : series.split(','));
  const runs: ScalingRun[] = path === undefined ? [] : [...readData(path).runs];
  const missing = planned.filter((run) => !runs.some((done) => isSameRun(done, run, seed)));
  for (const [index, run] of missing.entries()) {
    const title = `${index + 1}/${missing.length} ${run.series} ${run.value}  `;
    runs.push(await runPlanned(run, seed, createProgress(console, title)));
    if (path !== undefined) writeText(path, encodeData({ format: dataFormat, runs }));
  }
  return { format: dataFormat, runs };
}

async function resultOf(ok: boolean, data: ScalingData, fitted: readonly FittedQuantity[], command: string) {
  const { tablesOf } = await import('./scaling-tables.ts');
  const targets = data.runs.map(({ series, value, broken }) => ({
    name: `invariants, ${series} ${value}`,
    value: broken.length,
    target: 0,
    ok: broken.length === 0,
  }));
  const fits = fitted.flatMap(({ fit, points: _, ...quantity }) =>
    fit === null ? [] : [{ ...quantity, ...fit }],
  );
  const points = fitted.flatMap(({ name, symbol, points: own }) =>
    own.map(({ x, y }) => ({ name, [symbol]: x, value: y })),
  );
  const tables = tablesOf(fitted);
  return { format: data.format, ok, targets, fits, points, tables, runs: data.runs, command };
}

async function writeDocument(path: string, fitted: readonly FittedQuantity[]): Promise<void> {
  const { withTables } = await import('./scaling-document.ts');
  const { tablesOf } = await import('./scaling-tables.ts');
  const { scalingFigures } = await import('./scaling-plots.ts');
  const { drawFile } = await import('../report/draw.ts');
  const { colours } = await import('../report/page.ts');
  writeText(path, withTables(readFileSync(path, 'utf8'), tablesOf(fitted)));
  for (const figure of scalingFigures(fitted))
    writeText(join(path, '..', 'images', `${figure.name}.svg`), drawFile(figure, colours));
}

/** The runs behind docs/scaling.md. */
export const savedDataPath = fileURLToPath(new URL('../../docs/data/scaling.jsonl', import.meta.url));
