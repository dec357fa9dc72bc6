/** Credentials and verdicts of zones as a person wants to read them. */
import type { JsonObject } from '../api/views.ts';
import { isLoopback } from '../config/load-config.ts';
import type { Terminal } from './terminal.ts';
import { counted, relativeTime } from './words.ts';

interface VerdictAnswer {
  readonly agentId: string;
  readonly zone: string;
  readonly trusted: boolean;
  readonly validUntil: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly passed: boolean;
    readonly found: string;
    readonly satisfy: string | null;
  }[];
  readonly credentials: readonly {
    readonly types: readonly string[];
    readonly issuer: string | null;
    readonly holds: boolean;
    readonly why: string | null;
    readonly path: readonly string[] | null;
    readonly validUntil: string | null;
  }[];
}

interface IssuedAnswer {
  readonly serial: string;
  readonly digest: string;
  readonly types: readonly string[];
  readonly subject: string;
  readonly url: string;
  readonly validUntil: string;
  readonly renews: boolean;
  readonly hasStatus: boolean;
  readonly isSuspended: boolean;
  readonly revoked: { readonly at: string; readonly reason: string } | null;
}

/** What each rule found, what would satisfy it, and what was shown. */
export function sayZoneVerdict(terminal: Terminal, given: JsonObject, nowMs: number): void {
  const { agentId, zone, trusted, rules, credentials, validUntil } = given as unknown as VerdictAnswer;
  const head = trusted ? terminal.paint('good', 'trusted') : terminal.paint('bad', 'not trusted');
  terminal.say(`${head}  ${agentId} by the zone ${terminal.paint('strong', zone)}`);
  for (const { rule, passed, found, satisfy } of rules) {
    terminal.say(
      `  ${passed ? terminal.paint('good', 'yes') : terminal.paint('bad', 'no ')}  ${rule}: ${found}`,
    );
    if (satisfy !== null) terminal.say(`       ${terminal.paint('quiet', `needs: ${satisfy}`)}`);
  }
  if (credentials.length > 0) terminal.say(`  ${counted(credentials.length, 'credential')} shown`);
  for (const { types, issuer, holds, why, path } of credentials) {
    const what = types.length === 0 ? 'no credential' : types.join(', ');
    const trust =
      path === null
        ? 'its issuer is not trusted here'
        : path.length === 1
          ? 'by a root'
          : `by way of ${path.join(' → ')}`;
    terminal.say(
      `    ${what}${issuer === null ? '' : ` by ${issuer}`}: ${holds ? trust : (why ?? 'it does not hold')}`,
    );
  }
  if (trusted)
    terminal.say(`  holds until ${relativeTime(validUntil, nowMs)}, unless something is revoked before`);
}

/** One credential of this node, in a few lines. */
export function sayIssued(terminal: Terminal, given: JsonObject, nowMs: number): void {
  const issued = given as unknown as IssuedAnswer;
  const { serial, digest, types, subject, url, validUntil, renews, isSuspended, revoked } = issued;
  const state =
    revoked !== null
      ? terminal.paint('bad', `revoked ${relativeTime(revoked.at, nowMs)}`)
      : isSuspended
        ? terminal.paint('warning', 'suspended')
        : terminal.paint('good', 'stands');
  terminal.say(`${state}  ${terminal.paint('strong', types.join(', '))}  ${serial}`);
  terminal.say(`  about    ${subject}`);
  terminal.say(
    `  ends     ${relativeTime(validUntil, nowMs)}${renews ? ', and is signed again before' : ''}`,
  );
  terminal.say(`  digest   ${digest}`);
  terminal.say(`  url      ${url}`);
}

/** Status and renewals are read under the address by which the daemon was called, and others may not reach that. */
export function noteWhereListed(terminal: Terminal, given: JsonObject): void {
  const { url, hasStatus, renews } = given as unknown as IssuedAnswer;
  if ((hasStatus || renews) && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')))
    terminal.note(
      terminal.paint('quiet', '  read on this machine alone: set api.publicUrl before you issue for others'),
    );
}
