/** What happens to keys: a rotation, a replay of what the old key signed, a theft, and the way out of it. */
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { decodeState } from '../../src/core/record/stored-state.ts';
import { copyRotationKey } from '../lib/thief.ts';
import { act, apiOf, ensure, heardByAll, nodeAt, resolveAt, runningNodes, type World } from '../lib/world.ts';
import { patch, sameEverywhere } from './writers.ts';

/** What the thief took before the rotation: the rotation key, and the bundle of then. */
export interface Loot {
  readonly rotationSeed: Uint8Array;
  readonly bundle: Uint8Array;
}

interface PutAnswer {
  readonly publish: { readonly status: string; readonly refusal: string | null };
}

/** Copies key file and record, then lets the controller rotate. */
export async function rotate(world: World): Promise<Loot> {
  const controller = nodeAt(world, 1);
  const { bytes: bundle } = await apiOf(controller).readBytes(`/v1/agents/${world.agentId}/bundle`);
  const rotationSeed = await copyRotationKey(
    controller.daemon.dataDirectory,
    world.passphrase,
    world.agentId,
  );
  const before = await resolveAt(controller, world.agentId, false);
  const startedAtMs = Date.now();
  await act(world, controller, 'rotate');
  world.rotationMs.push(
    ...(await heardByAll(world, 'the rotation', ({ change }) => change === 'rotated', startedAtMs)),
  );
  const record = await sameEverywhere(world);
  const after = await resolveAt(controller, world.agentId, true);
  ensure(after.keys.sequence === before.keys.sequence + 1, 'the key log did not grow by one');
  ensure(
    record.fields.primary.url === before.record!.fields.primary.url,
    'the record did not move under the new key',
  );
  world.story.say(`a new signing key; the record moved under it, and all that the old key signed is void`);
  return { rotationSeed, bundle };
}

/** The record of before, every signature of it valid once, sent to every node: nothing changes anywhere. */
export async function replay(world: World, loot: Loot): Promise<void> {
  const before = await sameEverywhere(world);
  const words = new Set<string>();
  for (const node of runningNodes(world)) {
    const { publish } = (await apiOf(node).sendBytes('/v1/bundles', loot.bundle)) as unknown as PutAnswer;
    ensure(
      publish.status === 'stale' || publish.status === 'refused',
      `${node.name} took the old record: ${publish.status}`,
    );
    words.add(publish.refusal ?? publish.status);
  }
  const after = await sameEverywhere(world);
  ensure(after.bytes === before.bytes, 'the old record came back');
  const answers = await Promise.all(runningNodes(world).map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status, record }) => status === 'ok' && record?.bytes === before.bytes),
    'a node rolled back',
  );
  world.story.say(
    `${runningNodes(world).length} of ${runningNodes(world).length} nodes refused it: ${[...words].join(', ')}`,
  );
}

/** The thief signs a second rotation in the place of the first: the agent is frozen everywhere, and says so. */
export async function steal(world: World, loot: Loot): Promise<void> {
  const state = decodeState(loot.bundle);
  const theft = rotateAgent({
    state,
    rotationSigner: createSigner(loot.rotationSeed),
    signer: createSigner(crypto.getRandomValues(new Uint8Array(32))),
    nextRotationKey: createSigner(crypto.getRandomValues(new Uint8Array(32))).publicKey,
    nowSeconds: Math.floor(Date.now() / 1000),
  });
  const startedAtMs = Date.now();
  await apiOf(nodeAt(world, 6)).sendBytes('/v1/bundles', encodeState(theft));
  const heard = await heardByAll(world, 'the fork', ({ change }) => change === 'forked', startedAtMs);
  const answers = await Promise.all(runningNodes(world).map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status }) => status === 'forked'),
    'a node still serves an agent with two key logs',
  );
  const refusal = await patch(world, nodeAt(world, 1), { primaryFactsUrl: 'https://frozen.example/' }).then(
    () => null,
    (error: Error) => error.message,
  );
  ensure(refusal !== null, 'a frozen agent could be changed');
  world.story.say(
    `a thief rotated with a copied key: two rotations in one place are proof, seen by all in ${Math.round(Math.max(...heard))} ms`,
  );
  world.story.say('the agent is frozen on every node: neither key can speak for it');
}

/** The recovery key, which no rotation can touch, ends the fork; the record is back as it was. */
export async function recover(world: World, expectedPrimary: string | null): Promise<void> {
  const controller = nodeAt(world, 1);
  const startedAtMs = Date.now();
  await act(world, controller, 'recover');
  world.recoveryMs.push(
    ...(await heardByAll(world, 'the recovery', ({ change }) => change === 'recovered', startedAtMs)),
  );
  const record = await sameEverywhere(world);
  ensure(record.fields.primary.url === expectedPrimary, 'the record is not what it was before the theft');
  const answers = await Promise.all(runningNodes(world).map((node) => resolveAt(node, world.agentId, true)));
  ensure(
    answers.every(({ status }) => status === 'ok'),
    'a node does not resolve the recovered agent',
  );
  world.story.say('the recovery key outranks every rotation: new keys, the same record, on all nodes');
}
