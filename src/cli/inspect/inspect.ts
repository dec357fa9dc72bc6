/**
 * Says what some bytes are, what they say, whether their signatures hold and what is wrong with them. Needs no daemon:
 * every structure proves itself, or is judged against a bundle that is given along.
 */
import { type Problem, problemOf } from '../../api/api-error.ts';
import type { JsonObject } from '../../api/views.ts';
import { admitCapabilities } from '../../core/capability/admit.ts';
import { type CapabilityAnnouncement, decodeCapabilities } from '../../core/capability/announcement.ts';
import { isProtocolError, ProtocolError } from '../../core/errors.ts';
import { decodeAnnouncement } from '../../core/gossip/announcement.ts';
import { formatAgentId } from '../../core/identity/agent-id.ts';
import { decodeDelegation } from '../../core/identity/delegation.ts';
import { chooseLog } from '../../core/identity/fork-choice.ts';
import { inceptionAgentId } from '../../core/identity/key-event.ts';
import { decodeKeyEvent } from '../../core/identity/key-event-codec.ts';
import { assertRevocation, decodeRevocation } from '../../core/identity/revocation.ts';
import { admitName, assertNameTimely } from '../../core/name/admit.ts';
import { decodeNameRecord, type NameRecord } from '../../core/name/name-record.ts';
import { assertTimely } from '../../core/place/signed-item.ts';
import { admitBundle, agentIdOfBundle } from '../../core/record/admission.ts';
import { decodeAgentAddr } from '../../core/record/agent-addr-codec.ts';
import type { Bundle } from '../../core/record/bundle.ts';
import { decodeBundle } from '../../core/record/bundle-codec.ts';
import { decodeOperation } from '../../core/record/operation-codec.ts';
import {
  addrContent,
  bundleContent,
  capabilitiesContent,
  delegationContent,
  eventContent,
  nameContent,
  operationContent,
  revocationContent,
} from './content.ts';
import {
  type Authority,
  reportAddr,
  reportCapabilities,
  reportDelegation,
  reportEvents,
  reportName,
  reportOperation,
  reportRecord,
  reportRevocation,
  type SignatureReport,
  standsUnder,
} from './signatures.ts';
import { recognise, type Structure } from './structure.ts';
import { type ReadBytes, readingsOf, type TextForm } from './text-form.ts';

export interface Inspection {
  readonly structure: Structure | null;
  readonly form: TextForm;
  readonly sizeBytes: number;
  /** True when nothing was found wrong; what could not be checked is in `signatures` with `holds: null`. */
  readonly valid: boolean;
  readonly problem: Pick<Problem, 'code' | 'detail' | 'hint'> | null;
  readonly data: Problem['data'] | null;
  readonly agentId: string | null;
  readonly content: JsonObject | null;
  readonly signatures: readonly SignatureReport[];
}

export interface InspectOptions {
  /** What it is meant to be; recognised when left out. */
  readonly as?: Structure;
  /** By whose keys signatures are judged; see authorityOfBundle. Bundles and announcements bring their own. */
  readonly authority?: Authority;
  readonly nowSeconds: number;
}

/** What one structure comes to. */
interface Findings {
  readonly agentId: string | null;
  readonly content: JsonObject;
  readonly signatures: readonly SignatureReport[];
  /** Thrown by the judgement that the protocol itself would pass; null when it passes. */
  readonly failure: ProtocolError | null;
}

/** Looks at bytes in any of their forms. Never throws on what they say. */
export function inspect(input: Uint8Array, options: InspectOptions): Inspection {
  const readings = readingsOf(input);
  const reading = readings.find(({ bytes }) => recognise(bytes) !== null) ?? readings[0]!;
  const structure = options.as ?? recognise(reading.bytes);
  const authority = options.authority ?? null;
  if (structure === null) {
    const failure = new ProtocolError('wrong-shape', 'these bytes begin like no structure of the protocol');
    return inspectionOf(reading, null, null, failure);
  }
  try {
    const findings = lookInto[structure](reading.bytes, authority, options.nowSeconds);
    return inspectionOf(
      reading,
      structure,
      findings,
      findings.failure ?? failedSignature(findings.signatures),
    );
  } catch (error) {
    if (isProtocolError(error)) return inspectionOf(reading, structure, null, error);
    throw error;
  }
}

type Look = (bytes: Uint8Array, authority: Authority | null, nowSeconds: number) => Findings;

const lookInto: Readonly<Record<Structure, Look>> = {
  'agent-addr'(bytes, authority) {
    const addr = decodeAgentAddr(bytes);
    return findings(authority, addrContent(addr), [reportAddr(addr, authority)]);
  },
  'key-event'(bytes) {
    const event = decodeKeyEvent(bytes);
    const agentId = event.body.type === 'icp' ? formatAgentId(inceptionAgentId(event)) : null;
    return { agentId, content: eventContent(event), signatures: reportEvents([event]), failure: null };
  },
  delegation(bytes, authority) {
    const token = decodeDelegation(bytes);
    const failure =
      authority === null || standsUnder(token.establishment, authority) ? null : voidSinceRotation();
    return {
      ...findings(authority, delegationContent(token), [reportDelegation(token, authority)]),
      failure,
    };
  },
  operation(bytes, authority) {
    const operation = decodeOperation(bytes);
    return findings(authority, operationContent(operation), [reportOperation(operation, authority)]);
  },
  revocation(bytes, authority) {
    const revocation = decodeRevocation(bytes);
    const failure =
      authority === null ? null : failureOf(() => assertRevocation(revocation, authority.agentId));
    return {
      ...findings(authority, revocationContent(revocation), reportRevocation(revocation, authority)),
      failure,
    };
  },
  bundle: (bytes, _authority, nowSeconds) => lookIntoBundle(decodeBundle(bytes), nowSeconds),
  announcement: (bytes, _authority, nowSeconds) =>
    lookIntoBundle(decodeAnnouncement(bytes).bundle, nowSeconds),
  capabilities: (bytes, _authority, nowSeconds) =>
    lookIntoCapabilities(decodeCapabilities(bytes), nowSeconds),
  'name-record': (bytes, _authority, nowSeconds) => lookIntoName(decodeNameRecord(bytes), nowSeconds),
};

/** It brings the log that proves it. */
function lookIntoCapabilities(announcement: CapabilityAnnouncement, nowSeconds: number): Findings {
  const { agentId, keyEvents } = announcement;
  const failure = failureOf(() => {
    assertTimely(announcement, nowSeconds);
    admitCapabilities(announcement, null);
  });
  const log = failure === null ? chooseLog(agentId, keyEvents) : null;
  return {
    agentId: formatAgentId(agentId),
    content: capabilitiesContent(announcement),
    signatures: reportCapabilities(announcement, log),
    failure,
  };
}

/** It brings the log and the delegation that prove it. */
function lookIntoName(record: NameRecord, nowSeconds: number): Findings {
  const { agentId, keyEvents } = record;
  const failure = failureOf(() => {
    assertNameTimely(record, nowSeconds);
    admitName(record, null);
  });
  const log = failure === null ? chooseLog(agentId, keyEvents) : null;
  return {
    agentId: formatAgentId(agentId),
    content: nameContent(record),
    signatures: reportName(record, log),
    failure,
  };
}

/** A bundle proves itself: its log judges its record, and admission says what a peer would. */
function lookIntoBundle(bundle: Bundle, nowSeconds: number): Findings {
  const failure = failureOf(() => admitBundle(bundle, null, nowSeconds, null));
  const hasLog = failureOf(() => authorityOf(bundle)) === null;
  const authority = hasLog ? authorityOf(bundle) : null;
  const signatures = [...reportEvents(bundle.keyEvents), ...reportRecord(bundle, authority)];
  return { ...findings(authority, bundleContent(bundle), signatures), failure };
}

/** The keys of an agent, from its bundle. @throws ProtocolError for one that has no key log. */
export function authorityOfBundle(bytes: Uint8Array): Authority {
  return authorityOf(decodeBundle(bytes));
}

function authorityOf(bundle: Bundle): Authority {
  const { agentId, establishment, signingKey } = chooseLog(agentIdOfBundle(bundle), bundle.keyEvents);
  return { agentId, establishment, signingKey, delegations: bundle.delegations };
}

function findings(
  authority: Authority | null,
  content: JsonObject,
  signatures: readonly SignatureReport[],
): Findings {
  const agentId = authority === null ? null : formatAgentId(authority.agentId);
  return { agentId, content, signatures, failure: null };
}

function failureOf(judge: () => unknown): ProtocolError | null {
  try {
    judge();
    return null;
  } catch (error) {
    if (isProtocolError(error)) return error;
    throw error;
  }
}

function failedSignature(signatures: readonly SignatureReport[]): ProtocolError | null {
  const failed = signatures.find(({ holds }) => holds === false);
  return failed === undefined
    ? null
    : new ProtocolError('bad-signature', `the signature of ${failed.of} does not hold`);
}

function voidSinceRotation(): ProtocolError {
  return new ProtocolError(
    'wrong-establishment',
    'it stands under another key event than the head of the log',
  );
}

function inspectionOf(
  { form, bytes }: ReadBytes,
  structure: Structure | null,
  found: Findings | null,
  failure: ProtocolError | null,
): Inspection {
  const problem = failure === null ? null : problemOf(failure);
  return {
    structure,
    form,
    sizeBytes: bytes.length,
    valid: problem === null,
    problem: problem === null ? null : { code: problem.code, detail: problem.detail, hint: problem.hint },
    data: problem?.data ?? null,
    agentId: found?.agentId ?? null,
    content: found?.content ?? null,
    signatures: found?.signatures ?? [],
  };
}
