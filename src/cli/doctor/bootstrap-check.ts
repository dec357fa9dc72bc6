/** Whether each bootstrap peer is there, is who its address says, and speaks the protocol of this network. */
import { type Finding, skipped } from './finding.ts';
import { probeFinding } from './probe-finding.ts';
import type { Scene } from './scene.ts';

const dialsMax = 8;

export async function checkBootstrap({ config }: Scene): Promise<readonly Finding[]> {
  const { bootstrap } = config;
  if (bootstrap.length === 0) return [skipped('bootstrap', 'no bootstrap peer is configured')];
  const findings = await Promise.all(
    bootstrap.slice(0, dialsMax).map((address) => probeFinding(`bootstrap ${address}`, address, config)),
  );
  const left = bootstrap.length - dialsMax;
  return left > 0 ? [...findings, skipped('bootstrap', `${left} more were not dialled`)] : findings;
}
