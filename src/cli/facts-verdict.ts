/** Facts checked in this process, against the network as a daemon shows it: the daemon's word counts for nothing else. */
import { isAdmissiblePublicKey, type SignatureCheck, verifyAdmitted } from '../core/ed25519.ts';
import { formatAgentId } from '../core/identity/agent-id.ts';
import type { VerifiedFacts, VerifyContext } from '../facts/verify-facts.ts';
import type { Context } from './context.ts';
import { createRemoteNetwork } from './remote-network.ts';
import type { Terminal } from './terminal.ts';
import { relativeTime } from './words.ts';

/**
 * What a verdict stands on.
 * @param issuers DIDs that may sign beside the agent
 * @param path how the daemon asks the network about them
 */
export function verdictContext(
  context: Context,
  issuers: readonly string[] = [],
  path: 'direct' | 'private' = 'direct',
): VerifyContext {
  const network = createRemoteNetwork(context.client(), path);
  return {
    resolve: (agentId) => network.resolve(agentId),
    check: verifyByRule,
    nowSeconds: Math.floor(context.nowMs() / 1000),
    issuers,
  };
}

/** The verdict as JSON. */
export function verdictJson(verdict: VerifiedFacts): object {
  const { agentId, issuer, verificationMethod, validFrom, validUntil, digest, facts } = verdict;
  return {
    valid: true,
    agentId: formatAgentId(agentId),
    issuer: issuer.did,
    issuerKind: issuer.kind,
    verificationMethod,
    validFrom: isoOf(validFrom),
    validUntil: isoOf(validUntil),
    digest,
    facts,
  };
}

/** The verdict in words. */
export function sayVerdict(terminal: Terminal, verdict: VerifiedFacts, nowMs: number): void {
  const { agentId, issuer, validUntil, facts } = verdict;
  terminal.say(
    `${terminal.paint('good', 'valid')}  ${terminal.paint('strong', facts.label)} ${facts.version}`,
  );
  terminal.say(`  agent    ${formatAgentId(agentId)}`);
  terminal.say(`  issuer   ${issuerWords[issuer.kind]}${issuer.kind === 'self' ? '' : ` ${issuer.did}`}`);
  terminal.say(`  ends     ${relativeTime(isoOf(validUntil), nowMs)}`);
  terminal.say(`  what     ${facts.description}`);
  for (const skill of facts.skills)
    terminal.say(`  skill    ${skill.id}  ${terminal.paint('quiet', skill.description)}`);
}

const issuerWords = {
  self: 'the agent itself',
  delegate: 'a delegate of the agent,',
  agent: 'another agent,',
  key: 'a key,',
} as const;

function verifyByRule(check: SignatureCheck): boolean {
  return isAdmissiblePublicKey(check.publicKey) && verifyAdmitted(check);
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
