/** The network of the demo: its daemons, what each accepts, and what was measured so far. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/api/views.ts';
import type { ControlClient } from '../../src/cli/control-client.ts';
import { type Change, type ChangeStream, openChangeStream, type StateView } from './change-stream.ts';
import { createDaemon, type Daemon } from './daemon.ts';
import type { Story } from './story.ts';

/** A daemon with its stream of changes. */
export interface DemoNode {
  readonly name: string;
  readonly daemon: Daemon;
  stream: ChangeStream | null;
}

/** Where a record stands, in the API's answer. */
export type ResolutionView = StateView & { readonly status: string; readonly responders: readonly string[] };

export interface World {
  readonly nodes: readonly DemoNode[];
  readonly story: Story;
  readonly passphrase: string;
  /** Address of the first node, once it has started: through it the others join. */
  readonly bootstrap: string[];
  /** The agent whose life is told. */
  agentId: string;
  recordBytes: number;
  /** Agents whose registration was acknowledged, besides. */
  readonly others: string[];
  /** Milliseconds from the request to the acceptance on each node. */
  readonly rotationMs: number[];
  readonly recoveryMs: number[];
  readonly revocationMs: number[];
  merge: { converged: boolean; ms: number };
  lost: number;
  /** True once close() was called: nothing is started any more. */
  readonly isClosed: boolean;
  /** Stops what runs and removes what was made. May be called twice. */
  close(): Promise<void>;
}

/** Longer than anything takes that works. */
export const heardTimeoutMs = 15_000;

/** Puts daemons together that do not run yet. */
export function createWorld(nodeCount: number, story: Story): World {
  const directory = mkdtempSync(join(tmpdir(), 'weft-demo-'));
  const passphrase = 'a demo on this machine';
  const passphraseFile = join(directory, 'passphrase');
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
  const bootstrap: string[] = [];
  const nodes = Array.from({ length: nodeCount }, (_, index): DemoNode => {
    const name = `n${index + 1}`;
    const daemon = createDaemon({
      name,
      dataDirectory: join(directory, name),
      passphraseFile,
      bootstrap: index === 0 ? [] : bootstrap,
      settings: ['log.level=warn', 'keystore.scryptCost=1024', 'store.ballastBytes=0', 'verifierWorkers=0'],
    });
    return { name, daemon, stream: null };
  });
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  // Whatever ends this process: no daemon and no folder stays behind.
  const endAtOnce = (): void => {
    for (const { daemon } of nodes) daemon.abandon();
    remove();
  };
  process.once('exit', endAtOnce);
  let closing: Promise<void> | null = null;
  async function closeOnce(): Promise<void> {
    for (const { stream } of nodes) stream?.close();
    await Promise.all(nodes.map(({ daemon }) => daemon.stop()));
    remove();
    process.off('exit', endAtOnce);
  }
  return {
    nodes,
    story,
    passphrase,
    bootstrap,
    agentId: '',
    recordBytes: 0,
    others: [],
    rotationMs: [],
    recoveryMs: [],
    revocationMs: [],
    merge: { converged: false, ms: 0 },
    lost: 0,
    get isClosed() {
      return closing !== null;
    },
    close() {
      closing ??= closeOnce();
      return closing;
    },
  };
}

/** Starts one node and opens its stream. The first to start is the one through which the others join. */
export async function startNode(world: World, node: DemoNode): Promise<void> {
  const { story } = world;
  ensure(!world.isClosed, 'the demo was interrupted');
  story.cell({ name: node.name, mood: 'starting', word: '' });
  await node.daemon.start();
  if (world.bootstrap.length === 0) world.bootstrap.push(node.daemon.address);
  node.stream = await openChangeStream(node.daemon, (change) => {
    story.cell({ name: node.name, mood: 'up', word: wordOf(change) });
  });
  story.cell({ name: node.name, mood: 'up', word: 'up' });
}

/** kill -9. */
export async function killNode(world: World, node: DemoNode): Promise<void> {
  await node.daemon.kill();
  node.stream?.close();
  node.stream = null;
  world.story.cell({ name: node.name, mood: 'down', word: 'killed' });
}

export function nodeAt(world: World, index: number): DemoNode {
  const node = world.nodes[index];
  if (node === undefined) throw new Error(`the demo needs more than ${index} nodes`);
  return node;
}

export function runningNodes(world: World): DemoNode[] {
  return world.nodes.filter(({ daemon }) => daemon.isRunning);
}

export function apiOf(node: DemoNode): ControlClient {
  return node.daemon.client();
}

/** A call that changes the agent of the story, on that node. */
export function act(world: World, node: DemoNode, verb: string, body: JsonObject = {}): Promise<JsonObject> {
  return apiOf(node).call('POST', `/v1/agents/${world.agentId}/${verb}`, body);
}

/** What a node answers about an agent. */
export async function resolveAt(node: DemoNode, agentId: string, fresh: boolean): Promise<ResolutionView> {
  const answer = await apiOf(node).call('GET', `/v1/agents/${agentId}?fresh=${fresh}`);
  return answer as unknown as ResolutionView;
}

/** Waits until every running node has accepted such a change; milliseconds from `sinceMs` to each acceptance. */
export async function heardByAll(
  world: World,
  what: string,
  fits: (change: Change) => boolean,
  sinceMs: number,
): Promise<number[]> {
  const heard = runningNodes(world).map(async ({ stream }) => {
    const change = await stream!.first(
      what,
      (one) => one.agentId === world.agentId && one.acceptedAtMs >= sinceMs && fits(one),
      heardTimeoutMs,
    );
    return change.acceptedAtMs - sinceMs;
  });
  return Promise.all(heard);
}

/** The step does not hold. */
export function ensure(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(problem);
}

/** What a node heard, in one word for its cell. */
function wordOf({ change }: Change): string {
  const words: Readonly<Record<string, string>> = {
    changed: 'record',
    tombstoned: 'ended',
    'delegation-revoked': 'revoked',
    'credential-revoked': 'revoked',
  };
  return words[change] ?? change;
}
