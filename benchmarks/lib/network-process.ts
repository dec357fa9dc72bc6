/** A network of weft nodes in one process, for the sections that measure weft alone. */
import { setTimeout as delay } from 'node:timers/promises';
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { agentKey } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import type { WeftNode } from '../../src/node/node-types.ts';
import { startWeftNetwork, type WeftNetwork } from '../subjects/weft-network.ts';
import { waitForCalm } from './calm.ts';
import { recordSeed } from './records.ts';
import { createBenchmarkAgent, rotationSeed, secondsNow } from './weft-records.ts';
import { serveCalls } from './worker-calls.ts';

/** Times from publish to acceptance, one for each message and node; and how many never came. */
export interface GossipOutcome {
  readonly latenciesMs: readonly number[];
  readonly lost: number;
}

/** Agents by their number in the run. */
export interface RecordRange {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  /** When they were born. */
  readonly bornSeconds: number;
}

/** Between two rotations: the copies of a put beyond w leave 100 ms after it, and are not what is measured. */
const pauseMs = 400;
/** A node that has not accepted a message after this has lost it. */
const acceptMsMax = 10_000;

let network: WeftNetwork;

const calls = { addresses, register, gossip };
export type RecordCalls = typeof calls;

serveCalls({ start, ...calls, stop: () => network.stop() });

async function start(nodes: number): Promise<void> {
  network = await startWeftNetwork(nodes);
  await waitForCalm();
}

/** Of its first node. */
async function addresses(): Promise<readonly string[]> {
  return network.members[0]!.addresses();
}

/** Registers agents by number, each at another member; resolves when the copies have settled. */
async function register({ seed, first, count, bornSeconds }: RecordRange): Promise<void> {
  for (let record = first; record < first + count; record++) {
    await publish(memberOf(record), encodeState(createBenchmarkAgent(seed, record, bornSeconds).state));
  }
  await waitForCalm();
}

/** Rotates registered agents one after the other; each node's time from the publisher's call to its acceptance. */
async function gossip({ seed, first, count, bornSeconds }: RecordRange): Promise<GossipOutcome> {
  const waiting = new Map<string, (member: number) => void>();
  const end = new AbortController();
  const readers = network.members.map((node, member) =>
    readChanges(node, end.signal, (key) => waiting.get(key)?.(member)),
  );
  const latenciesMs: number[] = [];
  let lost = 0;
  for (let record = first; record < first + count; record++) {
    const publisher = record % network.members.length;
    const { agentId, bundle } = rotated(seed, record, bornSeconds);
    const accepted = collectAcceptances(waiting, agentKey(agentId), publisher);
    await publish(memberOf(record), bundle);
    const measured = await accepted;
    latenciesMs.push(...measured);
    lost += network.members.length - 1 - measured.length;
    await delay(pauseMs);
  }
  end.abort();
  await Promise.all(readers);
  return { latenciesMs, lost };
}

function rotated(
  seed: number,
  record: number,
  bornSeconds: number,
): { agentId: Uint8Array; bundle: Uint8Array } {
  const { state } = createBenchmarkAgent(seed, record, bornSeconds);
  const rotation = rotateAgent({
    state,
    signer: createNativeSigner(recordSeed(seed, record, 'next signing')),
    rotationSigner: createNativeSigner(rotationSeed(seed, record)),
    nextRotationKey: recordSeed(seed, record, 'next rotation'),
    nowSeconds: secondsNow(),
  });
  return { agentId: state.agentId, bundle: encodeState(rotation) };
}

/** Latencies of all members but the publisher, from now on; those of a member that never accepts are missing. */
function collectAcceptances(
  waiting: Map<string, (member: number) => void>,
  key: string,
  publisher: number,
): Promise<readonly number[]> {
  const beganMs = performance.now();
  const latencyByMember = new Map<number, number>();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      waiting.delete(key);
      resolve([...latencyByMember.values()]);
    };
    const timer = setTimeout(finish, acceptMsMax);
    waiting.set(key, (member) => {
      if (member === publisher || latencyByMember.has(member)) return;
      latencyByMember.set(member, performance.now() - beganMs);
      if (latencyByMember.size === network.members.length - 1) finish();
    });
  });
}

async function readChanges(
  node: WeftNode,
  signal: AbortSignal,
  onRotated: (key: string) => void,
): Promise<void> {
  for await (const { agentId, change } of node.changes({ signal })) {
    if (change === 'rotated') onRotated(agentKey(agentId));
  }
}

/** One peer that holds it is enough here: what is measured is who hears of it. */
async function publish(node: WeftNode, bundle: Uint8Array): Promise<void> {
  const result = await node.publish(bundle);
  if (result.acknowledgements === 0) throw new Error(`a publish was ${result.status}: ${result.refusal}`);
}

function memberOf(record: number): WeftNode {
  return network.members[record % network.members.length]!;
}
