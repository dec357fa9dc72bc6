/** Two writers on two nodes at once, and delegates that come and go. */
import { bytesToHex } from '../../src/core/bytes.ts';
import type { RecordView } from '../lib/change-stream.ts';
import {
  act,
  apiOf,
  type DemoNode,
  ensure,
  heardByAll,
  nodeAt,
  resolveAt,
  runningNodes,
  type World,
} from '../lib/world.ts';

/** Tries until neither writer saw the other: usually the first does. */
const roundsMax = 8;
const convergeTimeoutMs = 5_000;

/** A grant of all fields to a key on that node; the slot. */
async function delegateTo(world: World, controller: DemoNode, delegate: DemoNode): Promise<number> {
  const { publicKey } = (await act(world, delegate, 'delegate-key')) as { publicKey: string };
  const answer = (await act(world, controller, 'delegate', {
    audience: publicKey,
    rights: ['op'],
    fields: ['primary', 'private', 'adaptive', 'ttl'],
    expiresInSeconds: 86_400,
  })) as { slot: number };
  return answer.slot;
}

/** Controller and delegate change different fields and the same field at once; every node comes to the same record. */
export async function mergeWriters(world: World): Promise<void> {
  const [controller, delegate] = [nodeAt(world, 1), nodeAt(world, 2)];
  const slot = await delegateTo(world, controller, delegate);
  world.story.say(
    `${controller.name} holds the controller's key, ${delegate.name} a delegate's (slot ${slot})`,
  );
  const sides = [controller, delegate] as const;
  for (let round = 1; round <= roundsMax; round++) {
    const url = (side: DemoNode, field: string): string => `https://${side.name}.example/${round}/${field}`;
    const startedAtMs = Date.now();
    await Promise.all([
      patch(world, controller, {
        primaryFactsUrl: url(controller, 'primary'),
        adaptiveResolverUrl: url(controller, 'adaptive'),
      }),
      patch(world, delegate, {
        privateFactsUrl: url(delegate, 'private'),
        adaptiveResolverUrl: url(delegate, 'adaptive'),
      }),
    ]);
    const wanted = sides.flatMap((side) => [
      url(side, 'primary'),
      url(side, 'private'),
      url(side, 'adaptive'),
    ]);
    const isMerged = (record: RecordView | null): boolean =>
      record !== null &&
      record.fields.primary.url === url(controller, 'primary') &&
      record.fields.private.url === url(delegate, 'private') &&
      wanted.includes(record.fields.adaptive.url ?? '');
    const heard = await heardByAll(world, 'both updates', ({ state }) => isMerged(state.record), startedAtMs);
    const records = await sameEverywhere(world);
    ensure(isMerged(records), 'the merged record lacks an update');
    if (!isConcurrent(records)) continue;
    world.merge = { converged: true, ms: Math.max(...heard) };
    const winner = records.fields.adaptive.url === url(controller, 'adaptive') ? controller : delegate;
    world.story.say(
      `different fields: primary from ${controller.name}, private from ${delegate.name}, both stand`,
    );
    world.story.say(
      `the same field at once: the controller's word stands on all nodes, ${records.fields.adaptive.url}`,
    );
    ensure(winner === controller, 'the delegate overruled a controller that it had not seen');
    return;
  }
  ensure(false, `in ${roundsMax} rounds one writer always saw the other first`);
}

/** A delegate writes on the fourth node, is revoked on the second, and is heard no more. */
export async function revokeDelegate(world: World): Promise<void> {
  const [controller, delegate] = [nodeAt(world, 1), nodeAt(world, 3)];
  const slot = await delegateTo(world, controller, delegate);
  const before = await sameEverywhere(world);
  const writtenAtMs = Date.now();
  await patch(world, delegate, { primaryFactsUrl: 'https://delegate.example/primary' });
  await heardByAll(
    world,
    "the delegate's update",
    ({ state }) => state.record?.fields.primary.url === 'https://delegate.example/primary',
    writtenAtMs,
  );
  world.story.say(`${delegate.name} wrote as the delegate in slot ${slot}: all nodes show it`);
  const withDelegate = (await apiOf(delegate).readBytes(`/v1/agents/${world.agentId}/bundle`)).bytes;
  const startedAtMs = Date.now();
  await act(world, controller, 'revoke-delegation', { slot, reason: 'privilegeWithdrawn' });
  const heard = await heardByAll(
    world,
    'the revocation',
    ({ change }) => change === 'delegation-revoked',
    startedAtMs,
  );
  world.revocationMs.push(...heard);
  const refusal = await patch(world, delegate, { primaryFactsUrl: 'https://delegate.example/again' }).then(
    () => null,
    (error: Error) => error.message,
  );
  ensure(refusal !== null, 'the revoked delegate could still write');
  world.story.say(`revoked on ${controller.name}: its next update is refused (${refusal})`);
  for (const node of runningNodes(world)) await apiOf(node).sendBytes('/v1/bundles', withDelegate);
  const after = await sameEverywhere(world);
  ensure(after.fields.primary.url === before.fields.primary.url, "the revoked delegate's word still stands");
  world.story.say('its update is gone from every node, and stays gone when it is sent again');
}

/** PATCH of the agent's record on one node. */
export async function patch(world: World, node: DemoNode, body: Record<string, string>): Promise<void> {
  await apiOf(node).call('PATCH', `/v1/agents/${world.agentId}`, body);
}

/** The record that all running nodes come to hold, bundle for bundle. */
export async function sameEverywhere(world: World): Promise<RecordView> {
  const nodes = runningNodes(world);
  const deadlineMs = Date.now() + convergeTimeoutMs;
  for (;;) {
    const bundles = await Promise.all(
      nodes.map(async (node) =>
        bytesToHex((await apiOf(node).readBytes(`/v1/agents/${world.agentId}/bundle`)).bytes),
      ),
    );
    const other = bundles.findIndex((bundle) => bundle !== bundles[0]);
    if (other < 0) break;
    ensure(Date.now() < deadlineMs, `${nodes[other]!.name} holds another record than ${nodes[0]!.name}`);
  }
  const { record } = await resolveAt(nodes[0]!, world.agentId, false);
  ensure(record !== null, 'there is no record');
  return record;
}

/** True when of the two last words on `adaptive` neither was written over the other. */
function isConcurrent({ operations, fields }: RecordView): boolean {
  const words = operations.filter(({ field }) => field === 'adaptive');
  const latest = (isController: boolean) => words.filter(({ slot }) => (slot === 0) === isController).at(-1);
  const [mine, theirs] = [latest(true), latest(false)];
  return (
    mine !== undefined &&
    theirs !== undefined &&
    theirs.left !== mine.digest &&
    fields.adaptive.origin.operation === mine.digest
  );
}
