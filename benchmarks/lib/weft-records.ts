/** Agents of weft for the benchmarks: three URLs each, as in the paper's example, repeatable from seed and number. */
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { type RecordValues, recordValuesDefault } from '../../src/core/author/record-values.ts';
import { registerAgent } from '../../src/core/author/register.ts';
import type { Signer } from '../../src/core/ed25519.ts';
import type { AgentState } from '../../src/core/record/agent-state.ts';
import { ttlCodeFor } from '../../src/core/record/durations.ts';
import { paperExample } from './paper-example.ts';
import { recordSeed } from './records.ts';

/** An agent that a benchmark made, with the key that signs for it. */
export interface BenchmarkAgent {
  readonly signer: Signer;
  readonly state: AgentState;
}

/** What the paper's example says. */
export const paperValues: RecordValues = {
  ...recordValuesDefault,
  primary: paperExample.primary_facts_url,
  private: paperExample.private_facts_url,
  adaptive: paperExample.adaptive_resolver_url,
  ttlCode: ttlCodeFor(paperExample.ttl),
};

/** URLs of the example's lengths that differ from record to record. */
export function valuesOfRecord(record: number): RecordValues {
  const name = record.toString(36).padStart(8, '0');
  return {
    ...paperValues,
    primary: `https://TranslationAssistant.${name}.example/.agent-facts`,
    private: `https://agentfactshost.example/${name}-e29b-41d4-a716`,
    adaptive: `https://router.${name}.example/dispatch/translation`,
  };
}

/** The seed of the key that an agent's first rotation reveals. */
export function rotationSeed(seed: number, record: number): Uint8Array {
  return recordSeed(seed, record, 'rotation');
}

/** The time as records have it. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

/** A new agent with its first record, rotation and recovery keys committed; the same arguments make the same agent. */
export function createBenchmarkAgent(
  seed: number,
  record: number,
  nowSeconds: number,
  values: RecordValues = valuesOfRecord(record),
): BenchmarkAgent {
  const signer = createNativeSigner(recordSeed(seed, record, 'signing'));
  const state = registerAgent({
    signer,
    rotationKey: createNativeSigner(rotationSeed(seed, record)).publicKey,
    recoveryKey: recordSeed(seed, record, 'recovery'),
    values,
    nowSeconds,
    nonce: recordSeed(seed, record, 'nonce').subarray(0, 16),
  });
  return { signer, state };
}
