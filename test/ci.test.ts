/** The summary line of .ci/run, which others read: it must not call a broken run good. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../.ci/count-tests.js', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-ci-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function count(...reports: readonly object[]): { line: string; status: number | null } {
  reports.forEach((report, index) => {
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(report));
  });
  const { stdout, status } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { line: stdout.trim(), status };
}

const passedFile = { status: 'passed', assertionResults: [{ status: 'passed' }] };

describe('the count of tests', () => {
  it('adds up the reports', () => {
    const unit = { numPassedTests: 3, numFailedTests: 0, testResults: [passedFile] };
    const pack = { numPassedTests: 2, numFailedTests: 0, testResults: [passedFile] };
    expect(count(unit, pack)).toEqual({ line: '5 passed, 0 failed', status: 0 });
  });

  it('fails with a failed test', () => {
    const failedFile = { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] };
    const report = { numPassedTests: 1, numFailedTests: 1, testResults: [failedFile] };
    expect(count(report)).toEqual({ line: '1 passed, 1 failed', status: 1 });
  });

  it('counts a file that could not run as a failure', () => {
    const broken = { status: 'failed', assertionResults: [] };
    const report = { numPassedTests: 1, numFailedTests: 0, testResults: [passedFile, broken] };
    expect(count(report)).toEqual({ line: '1 passed, 1 failed', status: 1 });
  });

  it('fails without any report, and when nothing ran', () => {
    expect(count()).toEqual({ line: '0 passed, 1 failed', status: 1 });
    expect(count({ numPassedTests: 0, numFailedTests: 0, testResults: [] })).toEqual({
      line: '0 passed, 0 failed',
      status: 1,
    });
  });
});
