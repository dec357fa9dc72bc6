/** `weft trust`: credentials about agents, issued and taken back; what a zone makes of an agent. */
import type { Command } from 'commander';
import type { JsonObject } from '../../api/views.ts';
import { formatAgentDid, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { reasonCodes } from '../../core/identity/reason-code.ts';
import { CliError } from '../cli-error.ts';
import type { Runner } from '../context.ts';
import { giveDocument } from '../facts-draft.ts';
import { addExamples } from '../help.ts';
import { noteWhereListed, sayIssued } from '../render-trust.ts';
import { counted, durationWords, parseDuration } from '../words.ts';
import { addTrustCheckCommands } from './trust-check.ts';

interface IssueOptions {
  readonly about: string;
  readonly type: readonly string[];
  readonly claim: readonly string[];
  readonly link?: readonly string[];
  readonly valid: string;
  readonly renews?: boolean;
  readonly suspendable?: boolean;
  readonly status: boolean;
  readonly out?: string;
}

/** Adds it and what is below it. */
export function addTrustCommand(program: Command, run: Runner): void {
  const trust = program
    .command('trust')
    .description('credentials about agents: issued, verified, revoked; and what a zone makes of an agent');
  addIssueCommand(trust, run);
  addListCommand(trust, run);
  addRevokeCommand(trust, run);
  addSuspendCommands(trust, run);
  addTrustCheckCommands(trust, run);
}

function addIssueCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('issue')
    .description('sign a credential about somebody with a key that the daemon holds, and serve it')
    .argument('<issuer>', 'who signs: an agent id')
    .requiredOption('--about <agent>', 'whom it is about: an agent id, or a DID (did:nanda, did:key)')
    .requiredOption('--type <name...>', 'what it is, such as SecurityAuditCredential')
    .requiredOption('--claim <name=value...>', 'what it says; a value that is JSON is taken as JSON')
    .option('--link <url=digest...>', 'credentials that it stands on, by hash')
    .option('--valid <duration>', 'how long it stands, 10s to 366d', '30d')
    .option('--renews', 'have it signed again before it ends, until it is revoked')
    .option('--suspendable', 'with a place in a status list for suspension, too')
    .option('--no-status', 'without a status list: revoked by gossip alone')
    .option('--out <file>', 'write the credential there');
  addExamples(command, [
    [
      'weft trust issue nanda:bq4k… --about nanda:7xyz… --type SecurityAuditCredential --claim result=pass',
      'an audit, revocable at once',
    ],
    [
      'weft trust issue nanda:bq4k… --about nanda:7xyz… --type AccessCredential --claim level=2 --valid 2m --renews',
      'one that lives for two minutes and is renewed',
    ],
    [
      'weft trust issue nanda:bq4k… --about nanda:7xyz… --type CrossSigningCredential --claim zone=acme --claim \'types=["SecurityAuditCredential"]\' --claim depth=0',
      'this issuer’s word about another issuer',
    ],
  ]).action(
    run<[string], IssueOptions>(async ({ terminal, client, nowMs }, [issuer], options) => {
      const answer = await client().call('POST', `/v1/agents/${agentText(issuer)}/credentials`, {
        types: options.type,
        subject: didOf(options.about),
        claims: claimsOf(options.claim),
        ...(options.link !== undefined && { links: options.link.map(linkOf) }),
        validitySeconds: parseDuration(options.valid),
        renews: options.renews === true,
        status: options.status ? ['revocation', ...(options.suspendable === true ? ['suspension'] : [])] : [],
      } as JsonObject);
      if (options.out !== undefined)
        await giveDocument(terminal, answer['credential'] as object, options.out);
      else {
        terminal.give(answer);
        sayIssued(terminal, answer, nowMs());
      }
      noteWhereListed(terminal, answer);
      return undefined;
    }),
  );
}

function addListCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('list')
    .description('the credentials that an agent has issued at this node')
    .argument('<issuer>', 'an agent id');
  addExamples(command, [
    ['weft trust list nanda:bq4k…', 'with their serials, for `weft trust revoke`'],
  ]).action(
    run<[string]>(async ({ terminal, client, nowMs }, [issuer]) => {
      const answer = await client().call('GET', `/v1/agents/${agentText(issuer)}/credentials`);
      terminal.give(answer);
      const all = answer['credentials'] as readonly JsonObject[];
      for (const one of all) sayIssued(terminal, one, nowMs());
      if (all.length === 0) terminal.say('none');
      return undefined;
    }),
  );
}

function addRevokeCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('revoke')
    .description('take credentials back for ever; every verifier that holds one lets go of it')
    .argument('<issuer>', 'who signed them: an agent id')
    .argument('<credential...>', 'serials of `weft trust list`, or digests')
    .option('--reason <word>', `why: ${reasonCodes.join(', ')}`, 'unspecified');
  addExamples(command, [
    ['weft trust revoke nanda:bq4k… 9f2c… --reason privilegeWithdrawn', 'one of them'],
  ]).action(
    run<[string, readonly string[]], { reason: string }>(
      async ({ terminal, client }, [issuer, names], { reason }) => {
        const answer = await client().call('POST', `/v1/agents/${agentText(issuer)}/credentials/revoke`, {
          credentials: names,
          reason,
        });
        terminal.give(answer);
        const { pushed, acknowledgements, lateSecondsMax } = answer as unknown as {
          readonly pushed: 'credential' | 'list' | 'none';
          readonly acknowledgements: number;
          readonly lateSecondsMax: number | null;
        };
        terminal.say(`${terminal.paint('good', 'revoked')}  ${counted(names.length, 'credential')}`);
        terminal.say(
          `  told     ${pushedWords[pushed]}${pushed === 'none' ? '' : `; ${counted(acknowledgements, 'peer')} hold it`}`,
        );
        if (lateSecondsMax !== null)
          terminal.say(
            `  late     whoever hears no gossip knows within ${durationWords(lateSecondsMax)}, by the status list`,
          );
        return undefined;
      },
    ),
  );
}

const pushedWords = {
  credential: 'each by name, at once',
  list: 'the status lists that readers hold are over, at once',
  none: 'by the status lists alone',
} as const;

function addSuspendCommands(trust: Command, run: Runner): void {
  for (const [name, isSuspended, what] of [
    ['suspend', true, 'suspend a credential for a while; only one issued with --suspendable'],
    ['resume', false, 'end a suspension'],
  ] as const) {
    const command = trust
      .command(name)
      .description(what)
      .argument('<issuer>', 'who signed it: an agent id')
      .argument('<credential>', 'its serial, or a digest');
    addExamples(command, [
      [`weft trust ${name} nanda:bq4k… 9f2c…`, 'readers see it when they next read the list'],
    ]).action(
      run<[string, string]>(async ({ terminal, client, nowMs }, [issuer, credential]) => {
        const path = `/v1/agents/${agentText(issuer)}/credentials/${encodeURIComponent(credential)}/suspension`;
        const answer = await client().call('POST', path, { suspended: isSuspended });
        terminal.give(answer);
        sayIssued(terminal, answer, nowMs());
        return undefined;
      }),
    );
  }
}

function agentText(text: string): string {
  return formatAgentId(parseAgentId(text));
}

function didOf(text: string): string {
  return text.startsWith('did:key:') ? text : formatAgentDid(parseAgentId(text));
}

function claimsOf(pairs: readonly string[]): JsonObject {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0)
        throw new CliError('usage', `--claim: "${pair}" is not name=value`, 'such as --claim result=pass');
      return [pair.slice(0, at), claimValue(pair.slice(at + 1))];
    }),
  );
}

/** JSON where it is, else the text itself. */
function claimValue(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string];
  } catch {
    return text;
  }
}

function linkOf(pair: string): JsonObject {
  const at = pair.lastIndexOf('=');
  const [url, digest] = [pair.slice(0, at), pair.slice(at + 1)];
  if (at > 0 && /^[0-9a-f]{64}$/.test(digest)) return { url, digest };
  throw new CliError(
    'usage',
    `--link: "${pair}" is not url=digest`,
    'the digest is 64 hexadecimal characters',
  );
}
