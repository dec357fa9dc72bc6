/** `weft facts`: what an agent says about itself, written, signed, checked, served and fetched. */
import type { Command } from 'commander';
import type { JsonObject as ViewObject } from '../../api/views.ts';
import { createSigner } from '../../core/ed25519.ts';
import { formatAgentDid, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { AgentFacts } from '../../facts/agent-facts.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import { validitySecondsDefault } from '../../facts/facts-limits.ts';
import { keyFilePassphrase, openOwnAgents } from '../agent-client.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import {
  agentOfFacts,
  type DraftOptions,
  draftFacts,
  draftOfCard,
  giveDocument,
  readDocument,
  withNeeded,
} from '../facts-draft.ts';
import { sayVerdict, verdictContext, verdictJson } from '../facts-verdict.ts';
import { addExamples } from '../help.ts';
import { parseDuration } from '../words.ts';
import { addFetchCommand } from './facts-fetch.ts';
import { addViewCommand } from './facts-view.ts';

interface SignOptions {
  readonly out?: string;
  readonly valid?: string;
  readonly keys?: string;
}

interface NewOptions {
  readonly out?: string;
  readonly fromCard?: string;
}

interface IssuerOptions {
  readonly issuer?: readonly string[];
}

interface PublishOptions extends IssuerOptions {
  readonly valid: string;
  readonly overlay?: boolean;
  readonly blinded?: boolean;
}

/** Adds it and what is below it. */
export function addFactsCommand(program: Command, run: Runner): void {
  const facts = program.command('facts').description('AgentFacts: what an agent says about itself, signed');
  addNewCommand(facts, run);
  addSignCommand(facts, run);
  addVerifyCommand(facts, run);
  addPublishCommand(facts, run);
  addFetchCommand(facts, run);
  addViewCommand(facts, run);
  addSmallCommands(facts, run);
}

function addNewCommand(facts: Command, run: Runner): void {
  const command = facts
    .command('new')
    .description('write facts that fit the schema, to be completed by hand and signed')
    .argument('<agent>', 'whose facts: an agent id')
    .option('--label <text>', 'its name for people')
    .option('--description <text>', 'what it is for')
    .option('--skill <id=text...>', 'what it can do; the id is also its tag, such as translate/en-es')
    .option('--provider <name>', 'who runs it')
    .option('--provider-url <url>', 'the web site of who runs it')
    .option('--from-card <file>', 'take all of it from an agent card of A2A, "-" for stdin')
    .option('--name <urn>', 'its name for machines, such as urn:agent:acme:translator')
    .option('--facts-version <text>', 'the version of the agent', '1.0.0')
    .option('--endpoint <url...>', 'where it is called')
    .option('--resolver <url>', 'who tells where it is called by the situation')
    .option('--modality <name...>', 'what it takes and gives', ['text'])
    .option('--auth <method...>', 'how callers are authenticated', ['none'])
    .option('--ttl <duration>', 'how long readers may keep the facts, 30s to 1d')
    .option('--out <file>', 'write it there; stdout when left out');
  addExamples(command, [
    [
      'weft facts new nanda:bq4k… --label Translator --description "Translates" --skill "translate/en-es=English to Spanish" --provider Acme --provider-url https://acme.example --endpoint https://acme.example/a2a --out facts.json',
      'the least that facts say',
    ],
    ['weft facts new nanda:bq4k… --from-card agent-card.json --out facts.json', 'what its A2A card says'],
  ]).action(
    run<[string], Partial<DraftOptions> & NewOptions>(async ({ terminal }, [agent], options) => {
      const { fromCard, out, name } = options;
      const drafted =
        fromCard === undefined
          ? await draftFacts(agent, withNeeded(options))
          : await draftOfCard(agent, await readDocument(terminal, fromCard), name);
      await giveDocument(terminal, drafted, out);
      return undefined;
    }),
  );
}

function addSignCommand(facts: Command, run: Runner): void {
  const command = facts
    .command('sign')
    .description('make a credential of facts: Verifiable Credential 2.0, eddsa-jcs-2022')
    .argument('[file]', 'the facts; stdin when left out or "-"')
    .option('--valid <duration>', 'how long it stands, up to 366d', '30d')
    .option('--keys <file>', 'sign here with the keys in this file, not with those of the daemon')
    .option('--out <file>', 'write it there; stdout when left out');
  addExamples(command, [
    ['weft facts sign facts.json --out facts.vc.json', 'with the key that the daemon holds'],
    ['weft facts sign facts.json --keys agent.keys --valid 7d', 'with your own'],
  ]).action(
    run<[string | undefined], SignOptions>(async (context, [file], options) => {
      const document = await readDocument(context.terminal, file);
      const signed =
        options.keys === undefined
          ? await signAtDaemon(context, document, options)
          : await signHere(context, document, options.keys, options);
      await giveDocument(context.terminal, signed, options.out);
      return undefined;
    }),
  );
}

function addVerifyCommand(facts: Command, run: Runner): void {
  const command = facts
    .command('verify')
    .description('check a credential against the key log of who signed it')
    .argument('[file]', 'the credential; stdin when left out or "-"')
    .option('--agent <agent>', 'whose facts it must be')
    .option('--issuer <did...>', 'who may have signed it beside the agent: did:nanda or did:key');
  addExamples(command, [
    ['weft facts verify facts.vc.json', 'signed by the agent itself, and nothing revoked since'],
    ['weft facts verify - --agent nanda:bq4k… --issuer did:nanda:7xyz…', 'an auditor may have signed it'],
  ]).action(
    run<[string | undefined], IssuerOptions & { agent?: string }>(async (context, [file], options) => {
      const { verifyFacts } = await import('../../facts/verify-facts.ts');
      const document = await readDocument(context.terminal, file);
      const subject = options.agent === undefined ? {} : { subject: parseAgentId(options.agent) };
      const verdict = await verifyFacts(document, { ...verdictContext(context, options.issuer), ...subject });
      context.terminal.give(verdictJson(verdict));
      sayVerdict(context.terminal, verdict, context.nowMs());
      return undefined;
    }),
  );
}

function addPublishCommand(facts: Command, run: Runner): void {
  const command = facts
    .command('publish')
    .description(
      'have the daemon serve facts: a credential as it is, or facts that it signs, and again in time',
    )
    .argument('[file]', 'the facts or the credential; stdin when left out or "-"')
    .option('--issuer <did...>', 'who may have signed the credential beside the agent')
    .option('--valid <duration>', 'of facts that are signed here: how long each signature stands', '30d')
    .option('--overlay', 'also keep them in the overlay, where the private facts of the record then lead')
    .option('--blinded', 'let the record lead there by a blinded pointer, for who is given URL and salt');
  addExamples(command, [
    ['weft facts publish facts.json --overlay', 'also held by the network, and to be fetched in private'],
    ['weft facts publish facts.json', 'signed with the key that the daemon holds, and kept current'],
    ['weft facts publish facts.vc.json', 'signed elsewhere: verified, then served'],
  ]).action(
    run<[string | undefined], PublishOptions>(async (context, [file], options) => {
      const { terminal } = context;
      const document = await readDocument(terminal, file);
      const isSigned = Object.hasOwn(document, 'proof');
      const agent = agentOfFacts(isSigned ? (document['credentialSubject'] as JsonObject) : document);
      const query = new URLSearchParams((options.issuer ?? []).map((did) => ['issuer', did]));
      if (!isSigned) query.set('validitySeconds', String(parseDuration(options.valid)));
      const path = `/v1/agents/${agent}/facts${query.size === 0 ? '' : `?${query}`}`;
      const answer = await context.client().call('PUT', path, document as ViewObject);
      const pointer = options.blinded ? 'blinded' : 'plain';
      const overlayPath = `/v1/agents/${agent}/facts/overlay?pointer=${pointer}`;
      const isWanted = options.overlay === true || options.blinded === true;
      const overlay = isWanted ? await context.client().call('PUT', overlayPath) : null;
      terminal.give({ ...answer, ...(overlay !== null && { overlay }) });
      terminal.say(
        `${terminal.paint('good', 'served')}  ${String(answer['url'])} until ${String(answer['validUntil'])}`,
      );
      if (answer['isSignedHere'] === true) terminal.say('  signed here, and again before it ends');
      if (overlay === null)
        sayHint(context, `${agent} --primary-facts <URL of this API>${String(answer['url'])}`);
      else sayHeld(context, agent, overlay);
      return undefined;
    }),
  );
}

/** What is served here and in the overlay too. */
function sayHeld(context: Context, agent: string, overlay: ViewObject): void {
  const { terminal } = context;
  const { holders, asked, url, salt, isPointed } = overlay;
  terminal.say(`${terminal.paint('good', 'held')}    by ${holders} of ${asked} peers as ${url}`);
  if (salt !== null) terminal.say(`  salt     ${salt}`);
  if (isPointed === true) terminal.say('  the private facts of the record lead there');
  else sayHint(context, `${agent} --private-facts ${url}`);
}

function sayHint({ terminal }: Context, command: string): void {
  terminal.say(terminal.paint('quiet', `  to let the index point there: weft update ${command}`));
}

function addSmallCommands(facts: Command, run: Runner): void {
  const remove = facts
    .command('remove')
    .description('have the daemon serve the facts of an agent no more')
    .argument('<agent>', 'agent id');
  addExamples(remove, [['weft facts remove nanda:bq4k…', 'the record on the index stays as it is']]).action(
    run<[string]>(async (context, [agent]) => {
      const { terminal } = context;
      const answer = await context
        .client()
        .call('DELETE', `/v1/agents/${formatAgentId(parseAgentId(agent))}/facts`);
      terminal.give(answer);
      terminal.say(answer['removed'] === true ? 'removed' : 'there was nothing to remove');
      return undefined;
    }),
  );
  const schema = facts.command('schema').description('print the JSON Schema of AgentFacts');
  addExamples(schema, [
    ['weft facts schema > agent-facts.schema.json', 'for an editor or a validator'],
  ]).action(
    run<[]>(async ({ terminal }) => {
      const { agentFactsSchema } = await import('../../facts/agent-facts.ts');
      await giveDocument(terminal, agentFactsSchema, undefined);
      return undefined;
    }),
  );
}

async function signAtDaemon(context: Context, facts: JsonObject, { valid }: SignOptions): Promise<object> {
  const query = `?validitySeconds=${validityOf(valid)}`;
  return context
    .client()
    .call('POST', `/v1/agents/${agentOfFacts(facts)}/facts/sign${query}`, facts as ViewObject);
}

async function signHere(
  context: Context,
  given: JsonObject,
  keyFile: string,
  { valid }: SignOptions,
): Promise<object> {
  const [{ openOwnKeys }, { readFacts }, { issueFacts }, { methodOfAgent }] = await Promise.all([
    import('../../node/offline-keys.ts'),
    import('../../facts/credential.ts'),
    import('../../facts/issue-facts.ts'),
    import('../../facts/issuer-keys.ts'),
  ]);
  const facts = readFacts(given);
  const agentId = parseAgentId(facts.id);
  const keys = await openOwnKeys({ path: keyFile, passphrase: await keyFilePassphrase(context, keyFile) });
  const { signing, delegate } = await keys.read(agentId);
  if (signing === undefined && delegate !== undefined) return signAsDelegate(context, facts, keyFile, valid);
  if (signing === undefined) {
    throw new CliError(
      'unreadable',
      `${keyFile} holds no signing key of ${formatAgentId(agentId)}`,
      'name the file that `weft register --keys` made',
    );
  }
  const signer = createSigner(signing);
  return issueFacts(facts, {
    issuer: formatAgentDid(agentId),
    verificationMethod: methodOfAgent(agentId, signer.publicKey),
    signer,
    nowSeconds: Math.floor(context.nowMs() / 1000),
    validitySeconds: validityOf(valid),
  });
}

/** By the delegate key in the file, under the grant that is kept beside it. */
async function signAsDelegate(
  context: Context,
  facts: AgentFacts,
  keyFile: string,
  valid: string | undefined,
): Promise<object> {
  const [{ issueFacts }, { methodOfAgent }] = await Promise.all([
    import('../../facts/issue-facts.ts'),
    import('../../facts/issuer-keys.ts'),
  ]);
  const agentId = parseAgentId(facts.id);
  const { agents } = await openOwnAgents(context, keyFile);
  const held = await agents.heldGrant(agentId, 'facts');
  if (held === null) {
    throw new CliError(
      'unreadable',
      `${keyFile} has no grant with "facts" that holds now`,
      'keep one that was received: `weft delegate keep GRANT --keys FILE`',
    );
  }
  return issueFacts(facts, {
    ...held,
    issuer: facts.id,
    verificationMethod: methodOfAgent(agentId, held.signer.publicKey),
    nowSeconds: Math.floor(context.nowMs() / 1000),
    validitySeconds: validityOf(valid),
  });
}

function validityOf(valid: string | undefined): number {
  return valid === undefined ? validitySecondsDefault : parseDuration(valid);
}
