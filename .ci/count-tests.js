// Prints 'N passed, N failed' over the JSON reports of vitest in a folder. A test file that could not run counts as
// one failure; so does a report that is missing. Exits 1 unless something passed and nothing failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
let passed = 0;
let failed = 0;
const reports = readdirSync(folder).filter((name) => name.endsWith('.json'));
for (const name of reports) {
  const report = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const file of report.testResults) {
    const brokenFile =
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
    if (brokenFile) failed += 1;
  }
}
if (reports.length === 0) failed += 1;
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;
