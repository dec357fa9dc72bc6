/** hyperdht as its own tests run it: `hyperdht/testnet.js`, mutablePut at a member, mutableGet at an ephemeral node. */
import { createRecordSource, type KeyPair, type RecordSource } from '../lib/records.ts';
import type { Subject } from '../lib/subject.ts';
import { loadUntyped } from '../lib/untyped.ts';

interface HyperdhtNode {
  fullyBootstrapped(): Promise<void>;
  mutablePut(keyPair: KeyPair, value: Buffer): Promise<{ closestNodes: readonly unknown[] }>;
  mutableGet(publicKey: Buffer): Promise<{ value: Buffer } | null>;
}

interface Testnet {
  readonly nodes: HyperdhtNode[];
  createNode(): HyperdhtNode;
  destroy(): Promise<void>;
}

/** A testnet with its first member after the bootstrap node as the writer. */
export function createHyperdhtSubject(): Subject {
  const createTestnet = loadUntyped<(size: number) => Promise<Testnet>>('hyperdht/testnet.js');
  let testnet: Testnet;
  let writer: HyperdhtNode;
  let reader: HyperdhtNode;
  let records: RecordSource;
  return {
    async start({ nodes, seed }) {
      records = createRecordSource(seed);
      testnet = await createTestnet(nodes);
      writer = testnet.nodes[1] ?? testnet.nodes[0]!;
      reader = testnet.createNode();
      await reader.fullyBootstrapped();
    },
    async prepare(first, count) {
      records.prepare(first, count);
    },
    async put(record) {
      const { closestNodes } = await writer.mutablePut(records.get(record), records.get(record).value);
      if (closestNodes.length === 0) throw new Error('no node stored the record');
    },
    async get(record) {
      const answer = await reader.mutableGet(records.get(record).publicKey);
      if (answer === null) throw new Error('not found');
      if (!records.get(record).value.equals(answer.value)) throw new Error('another value than was put');
    },
    async stop() {
      await testnet.destroy();
    },
  };
}
