/** A NAT for real, in network namespaces: who is behind it dials out, and that is enough. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const network = fileURLToPath(new URL('nat-network.sh', import.meta.url));
const scenario = fileURLToPath(new URL('scenario.ts', import.meta.url));
const namespaces = ['-Urnm', 'sh', network];

/** Empty where namespaces and a NAT can be made here. */
function obstacle(): string {
  const { status, error, stderr } = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' });
  if (status === 0) return '';
  return ` (not run: no NAT can be made here: ${error?.message ?? stderr.trim().split('\n').at(-1)})`;
}

const whyNot = obstacle();

interface Outcome {
  readonly resolved: string;
  readonly seen: readonly string[];
  readonly direct: string;
  readonly relayed: string;
  readonly change: string;
  readonly tookMs: number;
}

describe.runIf(whyNot === '')(`behind a NAT${whyNot}`, () => {
  let outcome: Outcome;
  beforeAll(async () => {
    const run = promisify(execFile);
    const { stdout } = await run('unshare', [...namespaces, process.execPath, scenario], { timeout: 55_000 });
    outcome = JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome;
  }, 60_000);

  it('a light node joins and resolves; outside only the router is seen', () => {
    expect(outcome.resolved).toBe('ok');
    expect(outcome.seen.some((address) => address.startsWith('/ip4/198.18.77.1/'))).toBe(true);
    expect(outcome.seen.some((address) => address.startsWith('/ip4/10.77.'))).toBe(false);
  });

  it('a light node is told of a revocation outside within a second, for it holds the connection open', () => {
    console.info(`the light node behind the NAT heard of the revocation after ${outcome.tookMs} ms`);
    expect(outcome.change).toBe('tombstoned');
    expect(outcome.tookMs).toBeLessThan(1000);
  });

  it('a full node cannot be dialled, and is met through a relay', () => {
    expect(outcome.direct).toBe('dial-failed');
    expect(outcome.relayed).toMatch(/^\/ip4\/198\.18\.77\.2\/tcp\/\d+\/p2p\/\w+\/p2p-circuit/);
  });
});
