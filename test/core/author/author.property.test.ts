/** Whatever authors do on replicas that see one another late: strangers accept it, and all come to the same state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delegateAgent, revokeDelegation } from '../../../src/core/author/grant.ts';
import { refenceAgent } from '../../../src/core/author/refence.ts';
import { rotateAgent } from '../../../src/core/author/rekey.ts';
import { updateAgent } from '../../../src/core/author/update.ts';
import { controllerOf, delegateOf, type Writer } from '../../../src/core/author/writer.ts';
import { isProtocolError } from '../../../src/core/errors.ts';
import { type AgentState, encodeState, joinStates } from '../../../src/core/record/agent-state.ts';
import { materialise } from '../../../src/core/record/merge.ts';
import { slotDelegations } from '../../../src/core/record/record-state.ts';
import { accept, opRight, publishRight, registered, signerNamed, startSeconds } from './fixtures.ts';

/** Replica 0 is the controller's, 1 and 2 are delegates'. */
type Action =
  | { readonly do: 'update'; readonly at: number; readonly field: number; readonly value: number }
  | { readonly do: 'refence'; readonly at: number }
  | { readonly do: 'rotate' }
  | { readonly do: 'delegate'; readonly to: number; readonly publishes: boolean }
  | { readonly do: 'revoke'; readonly slot: number }
  | { readonly do: 'sync'; readonly from: number; readonly to: number };

const replica = fc.nat({ max: 2 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      at: replica,
      field: fc.nat({ max: 3 }),
      value: fc.nat({ max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refence' as const), at: replica }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delegate' as const),
      to: fc.integer({ min: 1, max: 2 }),
      publishes: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revoke' as const), slot: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sync' as const), from: replica, to: replica }) },
);

interface Run {
  readonly replicas: AgentState[];
  rotations: number;
  nonce: number;
}

function writerAt(run: Run, at: number, nowSeconds: number): Writer {
  const state = run.replicas[at]!;
  if (at > 0) return delegateOf(state, signerNamed(`replica ${at}`), nowSeconds);
  return controllerOf(state.keyState, signerNamed(`sign ${run.rotations}`));
}

function perform(run: Run, step: Action, nowSeconds: number): void {
  const { replicas } = run;
  const own = replicas[0]!;
  const signer = signerNamed(`sign ${run.rotations}`);
  switch (step.do) {
    case 'update': {
      const url = `https://r${step.at}.example/${step.value}`;
      const changes = [{ primary: url }, { private: url }, { adaptive: null }, { ttlCode: step.value }][
        step.field
      ]!;
      const state = replicas[step.at]!;
      replicas[step.at] = updateAgent({
        state,
        writer: writerAt(run, step.at, nowSeconds),
        changes,
        nowSeconds,
      }).state;
      return;
    }
    case 'refence': {
      const state = replicas[step.at]!;
      replicas[step.at] = refenceAgent({ state, writer: writerAt(run, step.at, nowSeconds), nowSeconds });
      return;
    }
    case 'rotate':
      replicas[0] = rotateAgent({
        state: own,
        rotationSigner: signerNamed(`rotate ${run.rotations}`),
        signer: signerNamed(`sign ${run.rotations + 1}`),
        nextRotationKey: signerNamed(`rotate ${run.rotations + 1}`).publicKey,
        nowSeconds,
      });
      run.rotations++;
      return;
    case 'delegate':
      replicas[0] = delegateAgent({
        state: own,
        signer,
        audience: signerNamed(`replica ${step.to}`).publicKey,
        rights: step.publishes ? publishRight : opRight,
        fieldMask: 15,
        notBefore: nowSeconds,
        expiresAt: nowSeconds + 86_400,
        nonce: new Uint8Array(8).fill(++run.nonce),
        nowSeconds,
      }).state;
      return;
    case 'revoke': {
      const token = slotDelegations(own.delegations).get(step.slot);
      if (token === undefined) return;
      replicas[0] = revokeDelegation({ state: own, signer, token, reason: 'unspecified', nowSeconds });
      return;
    }
    case 'sync':
      replicas[step.to] = joinStates(replicas[step.to]!, replicas[step.from]!, nowSeconds).state;
  }
}

describe('authors on replicas', () => {
  it('make only what strangers accept, and all replicas join to the same state in every order', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (steps) => {
        const first = registered();
        const run: Run = { replicas: [first, first, first], rotations: 0, nonce: 0 };
        let nowSeconds = startSeconds;
        for (const step of steps) {
          try {
            perform(run, step, nowSeconds);
          } catch (error) {
            // A delegate without a token, a full slot and the like: refused by the author itself.
            if (!isProtocolError(error)) throw error;
          }
          nowSeconds++;
        }
        const joined = [
          [0, 1, 2],
          [2, 1, 0],
          [1, 0, 2],
        ].map((order) =>
          order.reduce<AgentState | null>(
            (state, index) => joinStates(state, run.replicas[index]!, nowSeconds).state,
            null,
          ),
        );
        const [bytes, ...others] = joined.map((state) => encodeState(state!));
        for (const other of others) expect(other).toEqual(bytes);
        const stranger = run.replicas.reduce<AgentState | null>(
          (held, state) => accept(held, state, nowSeconds),
          null,
        )!;
        expect(encodeState(stranger)).toEqual(bytes);
        expect(stranger.addr).not.toBeNull();
        expect(() => materialise(stranger)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });
});
