/** What the machine can do at all, by the product's own verifier and store: the ceilings of ingest. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLevelStore } from '../../src/adapters/level/level-store.ts';
import { createSodiumVerifier } from '../../src/adapters/native/sodium-verifier.ts';
import type { SignatureCheck } from '../../src/core/ed25519.ts';
import { agentAddrCheck } from '../../src/core/record/agent-addr.ts';
import { recordBytes, recordSeed } from './records.ts';
import { createBenchmarkAgent, secondsNow } from './weft-records.ts';

/** Signature checks in one batch, and distinct checks that the measurement goes round in. */
const batchChecks = 512;
const distinctChecks = 2_048;
/** Writes that wait for their commit at once, as many as the ingest keeps in flight. */
const writesInFlight = 1_024;

/** Verifications a second on all cores: one thread for each, this one included; keys admitted, two batches at once. */
export async function measureVerifications(seed: number, durationMs: number): Promise<number> {
  const verifier = createSodiumVerifier({ workers: Math.max(0, availableParallelism() - 1) });
  try {
    const checks = Array.from({ length: distinctChecks }, (_, index) => checkOf(seed, index));
    if ((await verifier.verifyAll(checks)).includes(false)) throw new Error('a valid signature was refused');
    let verified = 0;
    let first = 0;
    const beganMs = performance.now();
    const lane = async (): Promise<void> => {
      while (performance.now() - beganMs < durationMs) {
        const batch = checks.slice(first, first + batchChecks);
        first = (first + batchChecks) % distinctChecks;
        await verifier.verifyAll(batch);
        verified += batch.length;
      }
    };
    await Promise.all([lane(), lane()]);
    return (verified * 1000) / (performance.now() - beganMs);
  } finally {
    await verifier.close();
  }
}

function checkOf(seed: number, index: number): SignatureCheck {
  const { signer, state } = createBenchmarkAgent(seed, index, secondsNow());
  return agentAddrCheck(state.addr!, state.agentId, state.keyState.establishment, signer.publicKey);
}

/** Writes of one record each that the store acknowledges in a second, each in a synced group commit. */
export async function measureGroupCommits(seed: number, durationMs: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-store-'));
  const store = await createLevelStore({ directory, ballastBytes: 0 });
  try {
    const value = Buffer.alloc(recordBytes, recordSeed(seed, 0, 'store'));
    let written = 0;
    let next = 0;
    const beganMs = performance.now();
    const lane = async (): Promise<void> => {
      while (performance.now() - beganMs < durationMs) {
        await store.write([{ key: `agent/${(next++).toString(16).padStart(64, '0')}`, value }]);
        written++;
      }
    };
    await Promise.all(Array.from({ length: writesInFlight }, lane));
    return (written * 1000) / (performance.now() - beganMs);
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}
