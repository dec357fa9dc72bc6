/** A NAT for real, in network namespaces: who is behind it dials out, and that is enough. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const place = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** What `unshare` is given to run the rest in such a network. */
const natNetwork = ['-Urnm', 'sh', place('nat-network.sh')];
const publicNetwork = ['-Urn', 'sh', place('public-network.sh')];

/** Empty where such a network can be made here. */
function obstacle(network: readonly string[]): string {
  const { status, error, stderr } = spawnSync('unshare', [...network, 'true'], { encoding: 'utf8' });
  if (status === 0) return '';
  return ` (not run: no such network can be made here: ${error?.message ?? stderr.trim().split('\n').at(-1)})`;
}

async function runIn<Result>(network: readonly string[], scenario: string): Promise<Result> {
  const run = promisify(execFile);
  const { stdout } = await run('unshare', [...network, process.execPath, place(scenario)], {
    timeout: 55_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
}

const whyNot = obstacle(natNetwork);
const whyNotPublic = obstacle(publicNetwork);

interface Outcome {
  readonly resolved: string;
  readonly seen: readonly string[];
  readonly direct: string;
  readonly relayed: string;
  readonly upgraded: string;
  readonly change: string;
  readonly tookMs: number;
}

describe.runIf(whyNot === '')(`behind a NAT${whyNot}`, () => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runIn<Outcome>(natNetwork, 'scenario.ts');
  }, 60_000);

  it('a light node joins and resolves; outside only the router is seen', () => {
    expect(outcome.resolved).toBe('ok');
    expect(outcome.seen.some((address) => address.startsWith('/ip4/45.45.77.1/'))).toBe(true);
    expect(outcome.seen.some((address) => address.startsWith('/ip4/10.77.'))).toBe(false);
  });

  it('a light node is told of a revocation outside within a second, for it holds the connection open', () => {
    console.info(`the light node behind the NAT heard of the revocation after ${outcome.tookMs} ms`);
    expect(outcome.change).toBe('tombstoned');
    expect(outcome.tookMs).toBeLessThan(1000);
  });

  it('a full node cannot be dialled, and is met through a relay', () => {
    expect(outcome.direct).toBe('dial-failed');
    expect(outcome.relayed).toMatch(/^\/ip4\/45\.45\.77\.2\/tcp\/\d+\/p2p\/\w+\/p2p-circuit/);
  });

  it('the relayed connection is replaced by a direct one, which the hidden node opens', () => {
    expect(outcome.upgraded).toMatch(/^\/ip4\/45\.45\.77\.1\/tcp\/\d+/);
    expect(outcome.upgraded).not.toContain('p2p-circuit');
  });
});

describe.runIf(whyNotPublic === '')(`on public addresses${whyNotPublic}`, () => {
  it('a node tells an address once peers of four networks have dialled it back, and not before', async () => {
    interface Told {
      readonly before: readonly string[];
      readonly after: readonly string[];
      readonly told: readonly string[];
    }
    const { before, after, told } = await runIn<Told>(publicNetwork, 'probe-scenario.ts');
    expect(before).toEqual([]);
    expect(after.map((address) => address.split('/p2p/')[0])).toEqual(['/ip4/51.1.0.2/tcp/4801']);
    expect(told).toEqual(['/ip4/51.1.0.2/tcp/4801']);
  }, 60_000);
});
