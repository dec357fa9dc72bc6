/** Three nodes with the settings of compose.yaml on a bridge like Docker's: they find each other by themselves. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const place = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const network = ['-Urnm', 'sh', place('bridge-network.sh')];

/** Empty where such a network can be made here. */
function obstacle(): string {
  const { status, error, stderr } = spawnSync('unshare', [...network, 'true'], { encoding: 'utf8' });
  if (status === 0) return '';
  return ` (not run: no such network can be made here: ${error?.message ?? stderr.trim().split('\n').at(-1)})`;
}

const whyNot = obstacle();

describe.runIf(whyNot === '')(`the composition${whyNot}`, () => {
  it('is one network of three nodes, without a word of configuration about each other', async () => {
    const argv = [...network, process.execPath, place('composition.ts')];
    const { stdout } = await promisify(execFile)('unshare', argv, { timeout: 120_000 });
    const { statuses, codes } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
      readonly statuses: readonly {
        readonly connectedPeers: number;
        readonly addresses: readonly string[];
      }[];
      readonly codes: readonly (number | null)[];
    };
    expect(statuses).toHaveLength(3);
    statuses.forEach(({ connectedPeers, addresses }, index) => {
      expect(connectedPeers).toBeGreaterThanOrEqual(2);
      expect(addresses.some((one) => one.startsWith(`/ip4/172.30.0.1${index + 1}/tcp/4801`))).toBe(true);
    });
    expect(codes).toEqual([0, 0, 0]);
  }, 150_000);
});
