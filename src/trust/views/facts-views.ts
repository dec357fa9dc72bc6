/**
 * Other views of facts that a node hosts, for who shows a credential: split horizon by what somebody can prove, never by the
 * address that asks. Each view is facts of the same agent, signed when it is read, and a zone policy that says who may read.
 * Bounds: views of an agent, presentations remembered.
 */
import { utf8FromBytes, utf8ToBytes } from '../../core/bytes.ts';
import { decodeCanonical, encodeCanonical } from '../../core/cbor.ts';
import {
  type AgentId,
  agentKey,
  formatAgentDid,
  formatAgentId,
  parseAgentId,
} from '../../core/identity/agent-id.ts';
import { readArray, readBytes, readInteger, readSeconds } from '../../core/shape.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import { readFacts } from '../../facts/credential.ts';
import { FactsError } from '../../facts/facts-error.ts';
import { factsBytesMax } from '../../facts/facts-limits.ts';
import type { Store } from '../../ports/store.ts';
import { TrustError } from '../trust-error.ts';
import { factsViewsMax, policyBytesMax, presentationsSeenMax } from '../trust-limits.ts';
import type { TrustVerdict } from '../verdict.ts';
import type { TrustVerifier } from '../verifier/trust-verifier.ts';
import { readZonePolicy, type ZonePolicy } from '../zone-policy.ts';
import { verifyPresentation } from './presentation.ts';

const prefix = 'factsview/';
const noteBytesMax = factsBytesMax + policyBytesMax + 64;
/** A view is for the moment: whoever may read it asks again. */
const viewSeconds = 300;
const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Who may read a view, and what it says. */
export interface FactsView {
  readonly name: string;
  readonly facts: JsonObject;
  readonly policy: ZonePolicy;
  readonly changedAt: number;
}

export interface FactsViews {
  /** @throws TrustError `bad-policy`, `views-full`; FactsError `bad-facts`, `wrong-subject` */
  put(
    agentId: AgentId,
    view: { readonly name: string; readonly facts: unknown; readonly policy: unknown },
  ): Promise<FactsView>;
  list(agentId: AgentId): Promise<readonly FactsView[]>;
  remove(agentId: AgentId, name: string): Promise<boolean>;
  /**
   * The view as a credential signed now, for the holder of a presentation whom the view's policy admits.
   * @throws TrustError `no-view`, `bad-presentation`, `not-admitted`; FactsError
   */
  read(
    agentId: AgentId,
    name: string,
    presentation: unknown,
  ): Promise<{ readonly credential: JsonObject; readonly verdict: TrustVerdict }>;
}

export interface FactsViewsParts {
  readonly store: Pick<Store, 'get' | 'write' | 'entries'>;
  readonly verifier: Pick<TrustVerifier, 'context' | 'judge'>;
  /** Signs facts with the key in custody, for so long. */
  readonly sign: (agentId: AgentId, facts: unknown, validitySeconds: number) => Promise<JsonObject>;
  readonly nowSeconds: () => number;
}

export function createFactsViews({ store, verifier, sign, nowSeconds }: FactsViewsParts): FactsViews {
  /** When each that was used ends. */
  const used = new Map<string, number>();

  function assertUnused(digest: string, expiresAt: number): void {
    const now = nowSeconds();
    if (used.size >= presentationsSeenMax) for (const [key, end] of used) if (end <= now) used.delete(key);
    if (used.has(digest))
      throw new TrustError('bad-presentation', 'this presentation was used before: sign a new one');
    if (used.size >= presentationsSeenMax)
      throw new TrustError(
        'bad-presentation',
        'too many presentations in a short time: try again in a minute',
      );
    used.set(digest, expiresAt);
  }

  async function list(agentId: AgentId): Promise<readonly FactsView[]> {
    const views: FactsView[] = [];
    for await (const [place, bytes] of store.entries(`${prefix}${agentKey(agentId)}/`))
      views.push(decodeView(place, bytes));
    return views;
  }

  return {
    list,
    async put(agentId, { name, facts: given, policy: wanted }) {
      if (!namePattern.test(name))
        throw new TrustError('bad-policy', 'a view has a name of a-z, 0-9 and "-"');
      const policy = readZonePolicy(wanted);
      const facts = readFacts(given);
      if (facts.id !== formatAgentDid(agentId))
        throw new FactsError('wrong-subject', 'these are the facts of another agent', { subject: facts.id });
      if (policy.rules.length === 0)
        throw new TrustError('bad-policy', 'a view asks for at least one credential: a rule is missing');
      const others = (await list(agentId)).filter((view) => view.name !== name);
      if (others.length >= factsViewsMax)
        throw new TrustError('views-full', `the facts of an agent have at most ${factsViewsMax} other views`);
      const view = { name, facts: facts as unknown as JsonObject, policy, changedAt: nowSeconds() };
      await store.write([{ key: placeOf(agentId, name), value: encodeView(view) }]);
      return view;
    },
    async remove(agentId, name) {
      const found = (await list(agentId)).some((view) => view.name === name);
      if (found) await store.write([{ key: placeOf(agentId, name), value: null }]);
      return found;
    },
    async read(agentId, name, presentation) {
      const view = (await list(agentId)).find((one) => one.name === name);
      if (view === undefined)
        throw new TrustError(
          'no-view',
          `this node has no view ${name.slice(0, 64)} of the facts of ${formatAgentId(agentId)}`,
        );
      const shown = await verifyPresentation(presentation, formatAgentDid(agentId), verifier.context());
      assertUnused(shown.digest, shown.expiresAt);
      // Who asks need not have published facts of its own.
      const policy = { ...view.policy, facts: { required: false } };
      const verdict = await verifier.judge(policy, holderOf(shown.holder), null, shown.credentials);
      const failed = verdict.rules.find(({ passed }) => !passed);
      if (failed !== undefined)
        throw new TrustError('not-admitted', `the view is not for you: ${failed.found}`, {
          rule: failed.rule,
          ...(failed.satisfy !== null && { satisfy: failed.satisfy }),
        });
      return { credential: await sign(agentId, view.facts, viewSeconds), verdict };
    },
  };
}

/** Credentials speak of agents: a bare key holds none that a zone judges. */
function holderOf(did: string): AgentId {
  if (did.startsWith('did:nanda:')) return parseAgentId(did);
  throw new TrustError('bad-presentation', 'the holder is an agent: did:nanda');
}

function placeOf(agentId: AgentId, name: string): string {
  return `${prefix}${agentKey(agentId)}/${name}`;
}

function encodeView({ facts, policy, changedAt }: FactsView): Uint8Array {
  return encodeCanonical([1, changedAt, utf8ToBytes(JSON.stringify({ facts, policy }))]);
}

/** Written by encodeView alone. @throws ProtocolError; the store's checksum makes that a defect. */
function decodeView(place: string, bytes: Uint8Array): FactsView {
  const [version, changedAt, text] = readArray(decodeCanonical(bytes, noteBytesMax), 'view', 3);
  readInteger(version, 'version', 1, 1);
  const read = JSON.parse(utf8FromBytes(readBytes(text, 'text', { max: noteBytesMax }))) as Pick<
    FactsView,
    'facts' | 'policy'
  >;
  return {
    name: place.slice(place.lastIndexOf('/') + 1),
    changedAt: readSeconds(changedAt, 'changed at'),
    ...read,
  };
}
