/**
 * Everything that can be said of one agent whose keys are in several hands: four establishments (a rotation, its
 * equivocation, a recovery after the fork), fences of the controller and of publishers, tokens, clones' operations in the
 * same places, revocations. Random bundles of it are the material of the join properties; signatures are filler.
 */
import fc from 'fast-check';
import type { Delegation } from '../../../src/core/identity/delegation.ts';
import { createRecovery, createRotation } from '../../../src/core/identity/key-events.ts';
import { admitBundle } from '../../../src/core/record/admission.ts';
import type { AgentState } from '../../../src/core/record/agent-state.ts';
import type { Bundle } from '../../../src/core/record/bundle.ts';
import { fieldNames } from '../../../src/core/record/field.ts';
import type { Operation } from '../../../src/core/record/operation.ts';
import type { RecordState } from '../../../src/core/record/record-state.ts';
import {
  type Author,
  authorAt,
  authorNamed,
  bundleOf,
  fenceOf,
  operationOn,
  revocationOf,
  startSeconds,
  tokenFor,
} from './fixtures.ts';

type Fence = ReturnType<typeof fenceOf>;

/** All that stands under one key event. */
interface Realm {
  readonly author: Author;
  /** Two for each of slots 1 to 3; the first of each slot may publish. */
  readonly tokens: readonly Delegation[];
  readonly fences: readonly Fence[];
  /** The controller's, later than all others: what goes along with a revocation. */
  readonly lastFence: Fence;
}

export interface BundleRecipe {
  readonly realm: number;
  readonly fence: number;
  readonly operations: readonly { signer: number; n: number; variant: number }[];
  readonly tokens: readonly number[];
  readonly revoked: readonly number[];
}

const root = authorNamed('universe');

function rotationTo(name: string) {
  return createRotation({
    state: root.keyState,
    rotationSigner: root.key('rotate 0'),
    signingKey: root.key(`sign ${name}`).publicKey,
    nextRotationKey: root.key(`rotate ${name}`).publicKey,
    issuedAt: startSeconds,
  });
}

const rotations = [rotationTo('a'), rotationTo('b')] as const;
const recovery = createRecovery({
  state: root.keyState,
  recoverySigner: root.key('recover 0'),
  signingKey: root.key('sign r').publicKey,
  nextRotationKey: root.key('rotate r').publicKey,
  nextRecoveryKey: root.key('recover r').publicKey,
  issuedAt: startSeconds,
});
const [inception] = root.keyEvents;

export const agentId = root.keyState.agentId;

const realms: readonly Realm[] = [
  root,
  authorAt([inception!, rotations[0]], root.key, 'sign a'),
  authorAt([inception!, rotations[1]], root.key, 'sign b'),
  authorAt([inception!, recovery], root.key, 'sign r'),
].map(createRealm);

function createRealm(author: Author): Realm {
  const tokens = [1, 2, 3].flatMap((slot) =>
    [0, 1].map((which) =>
      tokenFor(author, `delegate ${slot} ${which}`, {
        slot,
        rights: which === 0 ? 3 : 1,
        nonce: new Uint8Array(8).fill(slot * 2 + which),
      }),
    ),
  );
  const publishers = [tokens[0]!, tokens[2]!];
  const fences = [0, 1, 2].flatMap((seconds) => [
    ...['x', 'y'].map((name) => fenceOf(author, at(seconds, `https://${name}.example/`))),
    ...publishers.map((token) =>
      fenceOf(author, { ...at(seconds, `https://d${token.slot}.example/`), token }),
    ),
  ]);
  const lastFence = fenceOf(author, at(10, 'https://last.example/'));
  return { author, tokens, fences, lastFence };
}

function at(seconds: number, primary: string) {
  return { issuedAt: startSeconds + seconds, urls: { primary } };
}

const operationByRecipe = new Map<string, Operation>();

/** The same recipe gives the same operation; another variant is an equivocation in the same place. */
function operationFor(realm: Realm, fence: Fence, recipe: BundleRecipe['operations'][number]): Operation {
  const label = `${Buffer.from(fence.addr.digest16).toString('hex')} ${recipe.signer} ${recipe.n} ${recipe.variant}`;
  let operation = operationByRecipe.get(label);
  if (operation === undefined) {
    const token = recipe.signer === 0 ? undefined : realm.tokens[recipe.signer - 1]!;
    const field = fieldNames[recipe.variant % 4]!;
    const value = field === 'ttl' ? recipe.n : `https://op.example/${recipe.signer}/${recipe.variant}`;
    const said = { n: recipe.n, field, value, issuedAt: startSeconds + 1 };
    operation = operationOn(realm.author, fence.addr, token === undefined ? said : { ...said, token });
    operationByRecipe.set(label, operation);
  }
  return operation;
}

/** The bundle of a recipe; with revocations it goes along with the controller's last fence. */
export function bundleFor(recipe: BundleRecipe): Bundle {
  const realm = realms[recipe.realm]!;
  const revoked = new Set(recipe.revoked);
  const fence = revoked.size > 0 ? realm.lastFence : realm.fences[recipe.fence]!;
  const operations = recipe.operations.map((operation) => operationFor(realm, fence, operation));
  const own = fence.delegations[0];
  const needed = new Set([...recipe.tokens, ...recipe.operations.map(({ signer }) => signer - 1)]);
  const others = realm.tokens.filter((token, index) => needed.has(index) && token !== own);
  const record: RecordState = {
    ...fence,
    delegations: own === undefined ? others : [own, ...others],
    operations,
    revocations: realm.tokens
      .filter((_, index) => revoked.has(index))
      .map((token) => revocationOf(realm.author, token)),
  };
  return bundleOf(realm.author, record);
}

export function stateFor(recipe: BundleRecipe): AgentState {
  return admitBundle(bundleFor(recipe), agentId, startSeconds + 5, null).state;
}

/** A random recipe. @param careful one token a slot, and no revocation without the controller's fence that follows it. */
function recipes(careful: boolean): fc.Arbitrary<BundleRecipe> {
  const tokenIndexes = careful ? [0, 2, 4] : [0, 1, 2, 3, 4, 5];
  const operation = fc.record({
    signer: fc.constantFrom(0, ...tokenIndexes.map((index) => index + 1)),
    n: fc.integer({ min: 1, max: 3 }),
    variant: fc.nat({ max: 5 }),
  });
  return fc.record({
    realm: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat({ max: 3 }) }),
    fence: fc.nat({ max: 11 }),
    operations: fc.array(operation, { maxLength: 6 }),
    tokens: fc.subarray(tokenIndexes),
    revoked: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray(tokenIndexes, { maxLength: 2 }) },
    ),
  });
}

/**
 * Histories in which joining in any grouping must come to the same: one token a slot, and whoever revokes sends the
 * controller's fence along (§3).
 */
export const carefulHistories = fc.array(recipes(true), { minLength: 1, maxLength: 7 });

/** Any history: several tokens for a slot, revoked at any time. */
export const wildHistories = fc.array(recipes(false), { minLength: 1, maxLength: 7 });

/** The second at which all of it is joined. */
export const joinSeconds = startSeconds + 5;
