/** `npm run sim -- compare`. */
import { parseArgs } from 'node:util';
import { ScenarioError } from '../lib/scenario.ts';
import { compareResults } from './compare.ts';
import type { Console } from './console.ts';
import { plainText } from './measure-catalog.ts';
import { readResult } from './result-file.ts';
import { quoted, writeText } from './write-files.ts';

const help = `usage: npm run sim -- compare <A.json> <B.json> [options]

Lays two results of --json or --out side by side, and marks what is worse in B.

  --tolerance P          percent of a measure that is no change; default 5
  --fail-on-regression   exits 1 when something is worse
  --json                 the comparison as one object on stdout
  --report FILE          also as a page
  --help

A threshold that was met, or an invariant that held, and does not any more, is always a regression.

examples:
  npm run sim -- compare before.json after.json
  npm run sim -- compare before.json after.json --tolerance 10 --fail-on-regression
  npm run sim -- compare before.json after.json --report comparison.html

exit codes: 0 compared; 1 a regression, with --fail-on-regression; 2 wrong usage or file
`;

/** Returns the exit code. @throws ScenarioError, ResultFileError */
export async function runCompare(args: readonly string[], console: Console): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tolerance: { type: 'string', default: '5' },
      'fail-on-regression': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.stdout(help);
    return 0;
  }
  const [first, second] = positionals;
  if (first === undefined || second === undefined || positionals.length > 2)
    throw new ScenarioError('compare takes two results: npm run sim -- compare A.json B.json');
  const percent = Number(values.tolerance);
  if (!(percent >= 0 && percent <= 1000) || values.tolerance.trim() === '')
    throw new ScenarioError('--tolerance takes percent, from 0 to 1000');
  const [before, after] = [readResult(first), readResult(second)];
  const { describeComparison, renderComparison } = await import('./compare-report.ts');
  const comparison = compareResults(before, after, percent / 100);
  const command = `npm run sim -- compare ${quoted(first)} ${quoted(second)} --tolerance ${percent}`;
  const compared = { comparison, before, after, names: [first, second] as const, command };
  if (values.report !== undefined) writeText(values.report, renderComparison(compared));
  console.stdout(
    values.json ? `${JSON.stringify(comparison)}\n` : `${plainText(describeComparison(compared))}\n`,
  );
  return values['fail-on-regression'] && !comparison.ok ? 1 : 0;
}
