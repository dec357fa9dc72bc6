/** Who may act for the agent: grants below whoever gave them. What was revoked is struck, and stays in view. */
import type { AgentState, Grant, Revocation } from '../api/answers.ts';
import { nowMs } from '../node-state.ts';
import { Copyable } from '../parts/copyable.tsx';
import { seenGrant } from '../seen-grants.ts';
import { duration, instant, short } from '../words.ts';

interface Branch {
  readonly hash: string;
  /** Null: all that is known of it is that it was revoked. */
  readonly grant: Grant | null;
  readonly revocation: Revocation | null;
  readonly below: readonly Branch[];
}

export function GrantTree({ state }: { readonly state: AgentState }) {
  if (state.keys === null) return <p class="empty">Nobody showed a key log.</p>;
  const branches = treeOf(state);
  const credentials = state.revocations.filter((one) => one.kind === 'credential');
  return (
    <>
      <div class="tree">
        <p class="root">
          <b>controller</b>
          {state.keys.signingKey !== null && (
            <Copyable text={state.keys.signingKey} what="the controller's key" />
          )}
        </p>
        {branches.length === 0 ? (
          <p class="empty">It has let nobody else act.</p>
        ) : (
          <Branches branches={branches} />
        )}
      </div>
      {credentials.length > 0 && (
        <>
          <h3>Credentials revoked</h3>
          <ul class="struck">
            {credentials.map((one) => (
              <li key={one.target}>
                <s>
                  <code>{short(one.target)}</code>
                </s>{' '}
                <span class="bad">{one.reason}</span> <span class="quiet">{instant(one.issuedAt)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Branches({ branches }: { readonly branches: readonly Branch[] }) {
  return (
    <ul>
      {branches.map((branch) => (
        <li key={branch.hash}>
          <Leaf branch={branch} />
          {branch.below.length > 0 && <Branches branches={branch.below} />}
        </li>
      ))}
    </ul>
  );
}

function Leaf({ branch: { hash, grant, revocation } }: { readonly branch: Branch }) {
  const says =
    grant === null ? (
      <>
        a delegate, grant <code>{short(hash)}</code>
      </>
    ) : (
      <>
        {grant.slot === 0 ? 'a delegate' : `delegate ${grant.slot}`}, key{' '}
        <code title={grant.audience}>{short(grant.audience)}</code>
      </>
    );
  const may =
    grant === null
      ? null
      : `${grant.rights.join(', ')}${grant.fields.length > 0 ? `: ${grant.fields.join(', ')}` : ''}`;
  if (revocation !== null) {
    return (
      <div class="leaf revoked">
        <p>
          <del>
            {says}
            {may !== null && ` may ${may}`}
          </del>
        </p>
        <p class="quiet">
          <span class="bad">revoked, {revocation.reason}</span>, {instant(revocation.issuedAt)}
        </p>
      </div>
    );
  }
  const leftSeconds = (Date.parse(grant!.expiresAt) - nowMs.value) / 1000;
  return (
    <div class="leaf">
      <p>
        {says} <span class="may">may {may}</span>
      </p>
      <p class="quiet">
        {leftSeconds > 0 ? `for ${duration(leftSeconds)} more` : 'over'}, grant{' '}
        <code title={hash}>{short(hash)}</code>
      </p>
    </div>
  );
}

function treeOf({ delegations, revocations }: AgentState): readonly Branch[] {
  const gone = revocations.filter((one) => one.kind === 'delegation');
  const byHash = new Map<string, { grant: Grant | null; revocation: Revocation | null }>();
  for (const grant of delegations) byHash.set(grant.hash, { grant, revocation: null });
  for (const one of gone) {
    for (const grant of one.grants)
      if (!byHash.has(grant.hash)) byHash.set(grant.hash, { grant, revocation: null });
    const grant = byHash.get(one.target)?.grant ?? seenGrant(one.target) ?? null;
    byHash.set(one.target, { grant, revocation: one });
  }
  const parentOf = (grant: Grant | null): string | null =>
    grant !== null && byHash.has(grant.issuer) ? grant.issuer : null;
  const below = (parent: string | null): readonly Branch[] =>
    [...byHash]
      .filter(([, { grant }]) => parentOf(grant) === parent)
      .map(([hash, known]) => ({ hash, ...known, below: below(hash) }))
      .toSorted((left, right) => (left.grant?.slot ?? 99) - (right.grant?.slot ?? 99));
  return below(null);
}
