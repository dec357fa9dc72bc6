/** Runs every check side by side, each within its time, and never fails because of one. */
import { checkBootstrap } from './bootstrap-check.ts';
import { checkClock } from './clock-check.ts';
import { checkDisk, checkSyncTime } from './disk-check.ts';
import { type Finding, problem, warning } from './finding.ts';
import { checkDescriptors, checkMemory } from './limit-checks.ts';
import { checkPermissions } from './permission-check.ts';
import { checkPorts } from './port-check.ts';
import { checkAddresses, checkPeers } from './reach-check.ts';
import type { Scene } from './scene.ts';
import { checkSettings } from './settings-check.ts';
import { checkTracing } from './tracing-check.ts';
import { checkVersions } from './version-check.ts';
import { TooSlowError, within } from './within.ts';

interface Check {
  readonly name: string;
  /** The whole stays below 15 s, the search for the daemon (3 s) included. */
  readonly limitMs: number;
  readonly run: (scene: Scene) => Promise<readonly Finding[]> | readonly Finding[];
}

const checks: readonly Check[] = [
  { name: 'settings', limitMs: 2_000, run: checkSettings },
  { name: 'version', limitMs: 2_000, run: checkVersions },
  { name: 'permissions', limitMs: 4_000, run: checkPermissions },
  { name: 'disk', limitMs: 4_000, run: checkDisk },
  { name: 'disk sync', limitMs: 6_000, run: checkSyncTime },
  { name: 'ports', limitMs: 6_000, run: checkPorts },
  { name: 'open files', limitMs: 2_000, run: checkDescriptors },
  { name: 'memory', limitMs: 2_000, run: checkMemory },
  { name: 'clock', limitMs: 6_000, run: checkClock },
  { name: 'peers', limitMs: 2_000, run: checkPeers },
  { name: 'addresses', limitMs: 10_000, run: checkAddresses },
  { name: 'bootstrap', limitMs: 10_000, run: checkBootstrap },
  { name: 'tracing', limitMs: 4_000, run: checkTracing },
];

/** In the order of the list. */
export async function runChecks(scene: Scene): Promise<readonly Finding[]> {
  const findings = await Promise.all(checks.map((check) => runOne(check, scene)));
  return findings.flat();
}

async function runOne({ name, limitMs, run }: Check, scene: Scene): Promise<readonly Finding[]> {
  try {
    return await within(limitMs, (async () => run(scene))());
  } catch (error) {
    if (error instanceof TooSlowError)
      return [warning(name, `not done within ${limitMs / 1000} s`, 'the machine or its disk is very busy')];
    return [
      problem(
        name,
        `could not be checked: ${(error as Error).message}`,
        'this is a defect of weft: report it',
      ),
    ];
  }
}
