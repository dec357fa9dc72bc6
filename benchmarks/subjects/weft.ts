/** weft as the product composes it: publish to w = 5 at a member, resolve at a node in client mode. */
import { signFence } from '../../src/core/author/fence.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import { bytesEqual } from '../../src/core/bytes.ts';
import { respondersMin } from '../../src/core/limits.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import type { Subject } from '../lib/subject.ts';
import {
  type BenchmarkAgent,
  createBenchmarkAgent,
  secondsNow,
  valuesOfRecord,
} from '../lib/weft-records.ts';
import { startWeftNetwork, type WeftNetwork } from './weft-network.ts';

/** The paper's three URLs and one key event: a bundle of about 490 bytes. */
export function createWeftSubject(): Subject {
  const agents = new Map<number, BenchmarkAgent>();
  const writtenByRecord = new Map<number, Uint8Array>();
  let network: WeftNetwork;
  let seedOfRun: number;

  function agentOf(record: number): BenchmarkAgent {
    const agent = agents.get(record);
    if (agent === undefined) throw new Error(`record ${record} was not prepared`);
    return agent;
  }

  return {
    async start({ nodes, seed }) {
      seedOfRun = seed;
      network = await startWeftNetwork(nodes);
    },
    async prepare(first, count) {
      agents.clear();
      writtenByRecord.clear();
      for (let record = first; record < first + count; record++) {
        agents.set(record, createBenchmarkAgent(seedOfRun, record, secondsNow()));
      }
    },
    async put(record) {
      const { signer, state } = agentOf(record);
      const { keyState } = state;
      const fence = signFence({
        keyState,
        writer: controllerOf(keyState, signer),
        values: valuesOfRecord(record),
        held: null,
        nowSeconds: secondsNow(),
      });
      writtenByRecord.set(record, fence.addr.bytes);
      const writer = network.members[1] ?? network.members[0]!;
      const result = await writer.publish(encodeState({ ...state, ...fence }));
      if (result.status !== 'stored') {
        throw new Error(`${result.status}: ${result.acknowledgements} acknowledgements, ${result.refusal}`);
      }
    },
    async get(record) {
      const { status, state, responders } = await network.reader.resolve(agentOf(record).state.agentId);
      if (status !== 'ok') throw new Error(`resolved as ${status}`);
      const wanted = Math.min(respondersMin, network.members.length);
      if (responders.length < wanted) throw new Error(`${responders.length} of ${wanted} responders`);
      if (!bytesEqual(state!.addr!.bytes, writtenByRecord.get(record)!))
        throw new Error('another record than was put');
    },
    async stop() {
      await network.stop();
    },
  };
}
