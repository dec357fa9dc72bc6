/** `weft trust verify | check | present | schema`: judged in this process, against the network as a daemon shows it. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { exitCodes } from '../../api/error-table.ts';
import { verdictView, verifiedView } from '../../api/trust-views.ts';
import { packageVersion } from '../../config/package-root.ts';
import { createSigner } from '../../core/ed25519.ts';
import { formatAgentDid, formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import type { VerifiedFacts } from '../../facts/verify-facts.ts';
import type { CredentialContext } from '../../trust/verify-credential.ts';
import { keyFilePassphrase } from '../agent-client.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { giveDocument, readDocument } from '../facts-draft.ts';
import { verdictContext } from '../facts-verdict.ts';
import { addExamples } from '../help.ts';
import { sayZoneVerdict } from '../render-trust.ts';
import { relativeTime } from '../words.ts';

interface CheckOptions {
  readonly policy?: string;
  readonly zone?: string;
  readonly facts?: string;
  readonly credential?: readonly string[];
  readonly reputation?: string;
  readonly issuer?: readonly string[];
  readonly allowPrivate?: boolean;
}

const fetchTimeoutMs = 10_000;

/** Adds them. */
export function addTrustCheckCommands(trust: Command, run: Runner): void {
  addVerifyCommand(trust, run);
  addCheckCommand(trust, run);
  addPresentCommand(trust, run);
  const schema = trust.command('schema').description('print the JSON Schema of zone policies');
  addExamples(schema, [
    ['weft trust schema > zone-policy.schema.json', 'for an editor or a validator'],
  ]).action(
    run<[]>(async ({ terminal }) => {
      const { zonePolicySchema } = await import('../../trust/zone-policy.ts');
      await giveDocument(terminal, zonePolicySchema, undefined);
      return undefined;
    }),
  );
}

function addVerifyCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('verify')
    .description(
      'check that the issuer of a credential stands by it now: key, signature, revocation, status list',
    )
    .argument('[file]', 'the credential; stdin when left out or "-"')
    .option('--allow-private', 'status lists may stand on this machine and in private networks');
  addExamples(command, [
    ['weft trust verify audit.vc.json', 'it says nothing of whether that issuer is trusted'],
  ]).action(
    run<[string | undefined], { allowPrivate?: boolean }>(async (context, [file], options) => {
      const { verifyCredential } = await import('../../trust/verify-credential.ts');
      const { terminal } = context;
      const document = await readDocument(terminal, file);
      const verified = await verifyCredential(
        document,
        await credentialContext(context, options.allowPrivate === true),
      );
      terminal.give(verifiedView(verified));
      terminal.say(
        `${terminal.paint('good', 'valid')}  ${terminal.paint('strong', verified.types.join(', '))}`,
      );
      terminal.say(`  issuer   ${verified.issuer}`);
      terminal.say(`  about    ${verified.subject}`);
      terminal.say(
        `  ends     ${relativeTime(new Date(verified.validUntil * 1000).toISOString(), context.nowMs())}`,
      );
      return undefined;
    }),
  );
}

function addCheckCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('check')
    .description('what a zone makes of an agent: each rule, what it found, and what would satisfy it')
    .argument('<agent>', 'agent id')
    .option('--policy <file>', 'the policy of the zone')
    .option('--zone <name>', 'or a zone whose policy the daemon has')
    .option('--facts <file>', 'its facts; left out: fetched from where its record says')
    .option('--credential <file...>', 'what it shows, beside what stands in its facts')
    .option('--reputation <file>', 'scores by agent, {"nanda:…": 0.8}')
    .option('--issuer <did...>', 'who may have signed the facts beside the agent')
    .option('--allow-private', 'facts and lists may stand on this machine and in private networks');
  addExamples(command, [
    ['weft trust check nanda:bq4k… --policy zone.json', 'with its facts and what stands in them'],
    [
      'weft trust check nanda:bq4k… --policy zone.json --credential a.vc.json b.vc.json',
      'and with two audits',
    ],
    ['weft trust check nanda:bq4k… --zone acme', 'by a policy in the folder `trust.policies` of the daemon'],
  ]).action(
    run<[string], CheckOptions>(async (context, [agent], options) => {
      const { terminal } = context;
      if ((options.policy === undefined) === (options.zone === undefined))
        throw new CliError('usage', 'name a policy file or a zone', '--policy FILE, or --zone NAME');
      const answer =
        options.zone === undefined
          ? await checkHere(context, agent, options)
          : await checkThere(context, agent, options);
      terminal.give(answer);
      sayZoneVerdict(terminal, answer, context.nowMs());
      return answer['trusted'] === true ? undefined : exitCodes.notUsable;
    }),
  );
}

async function checkThere(context: Context, agent: string, options: CheckOptions): Promise<JsonObject> {
  const { terminal } = context;
  const shown = await Promise.all((options.credential ?? []).map((file) => readDocument(terminal, file)));
  return context.client().call('POST', '/v1/trust/check', {
    agent: formatAgentId(parseAgentId(agent)),
    zone: options.zone!,
    credentials: shown,
    ...(options.issuer !== undefined && { issuers: options.issuer }),
    ...(options.facts !== undefined && { facts: await readDocument(terminal, options.facts) }),
  });
}

async function checkHere(context: Context, agent: string, options: CheckOptions): Promise<JsonObject> {
  const [{ parseZonePolicy }, { judge }, { reputationOfText }] = await Promise.all([
    import('../../trust/zone-policy.ts'),
    import('../../trust/judge.ts'),
    import('../../trust/reputation.ts'),
  ]);
  const { terminal } = context;
  const policy = parseZonePolicy(await textOf(options.policy!));
  const agentId = parseAgentId(agent);
  const judging = await credentialContext(context, options.allowPrivate === true);
  const facts = await factsOf(context, agentId, options, judging);
  const given = await Promise.all((options.credential ?? []).map((file) => readDocument(terminal, file)));
  const linked = facts === null ? [] : await fetchLinked(facts, options.allowPrivate === true);
  const { reputation: file } = options;
  const reputation = file === undefined ? {} : { reputation: reputationOfText(await textOf(file), file) };
  return verdictView(
    await judge(policy, agentId, facts, [...given, ...linked], { ...judging, ...reputation }),
  ) as JsonObject;
}

/** Facts that do not hold are none: the verdict says what it needs. */
async function factsOf(
  context: Context,
  agentId: Uint8Array,
  options: CheckOptions,
  judging: CredentialContext,
): Promise<VerifiedFacts | null> {
  const [{ verifyFacts }, { fetchFacts }, { FactsError }] = await Promise.all([
    import('../../facts/verify-facts.ts'),
    import('../../facts/fetch/fetch-facts.ts'),
    import('../../facts/facts-error.ts'),
  ]);
  const { terminal } = context;
  const trusting = { ...judging, ...(options.issuer !== undefined && { issuers: options.issuer }) };
  try {
    if (options.facts !== undefined)
      return await verifyFacts(await readDocument(terminal, options.facts), {
        ...trusting,
        subject: agentId,
      });
    const fetching = { allowPrivate: options.allowPrivate === true, userAgent: `weft/${packageVersion()}` };
    return await fetchFacts(agentId, { ...trusting, ...fetching, timeoutMs: fetchTimeoutMs });
  } catch (error) {
    if (!(error instanceof FactsError)) throw error;
    terminal.note(terminal.paint('quiet', `facts: ${error.message}`));
    return null;
  }
}

/** Credentials that the facts name by URL and hash; those that are away, or others, are left out. */
async function fetchLinked(facts: VerifiedFacts, allowPrivate: boolean): Promise<readonly JsonObject[]> {
  const [
    { linkedCredentials, isOf },
    { guardedFetch },
    { parseJsonObject },
    { FactsError },
    { credentialBytesMax },
  ] = await Promise.all([
    import('../../trust/facts-credentials.ts'),
    import('../../facts/fetch/guarded-fetch.ts'),
    import('../../facts/bounded-json.ts'),
    import('../../facts/facts-error.ts'),
    import('../../trust/trust-limits.ts'),
  ]);
  const rules = {
    allowPrivate,
    bytesMax: credentialBytesMax,
    timeoutMs: fetchTimeoutMs,
    userAgent: `weft/${packageVersion()}`,
  };
  const found = linkedCredentials(facts.facts).map(async ({ url, digest }) => {
    try {
      const { bytes } = await guardedFetch(url, {
        ...rules,
        accept: 'application/vc+json, application/json;q=0.9',
      });
      const document = parseJsonObject(bytes);
      return isOf(document, digest) ? [document] : [];
    } catch (error) {
      if (error instanceof FactsError) return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}

function addPresentCommand(trust: Command, run: Runner): void {
  const command = trust
    .command('present')
    .description('sign a presentation of credentials, to read a view of somebody’s facts')
    .argument('<credential...>', 'files of credentials about the holder')
    .requiredOption('--as <agent>', 'the holder: whom they are about')
    .requiredOption('--to <agent>', 'the agent whose facts are asked for')
    .requiredOption('--keys <file>', 'key file of the holder')
    .option('--out <file>', 'write it there; stdout when left out');
  addExamples(command, [
    [
      'weft trust present partner.vc.json --as nanda:7xyz… --to nanda:bq4k… --keys agent.keys',
      'good for five minutes, and once',
    ],
  ]).action(
    run<[readonly string[]], { as: string; to: string; keys: string; out?: string }>(
      async (context, [files], options) => {
        const [{ openOwnKeys }, { present }, { methodOfAgent }] = await Promise.all([
          import('../../node/offline-keys.ts'),
          import('../../trust/views/presentation.ts'),
          import('../../facts/issuer-keys.ts'),
        ]);
        const holder = parseAgentId(options.as);
        const credentials = await Promise.all(files.map((file) => readDocument(context.terminal, file)));
        const keys = await openOwnKeys({
          path: options.keys,
          passphrase: await keyFilePassphrase(context, options.keys),
        });
        const { signing } = await keys.read(holder);
        if (signing === undefined)
          throw new CliError(
            'unreadable',
            `${options.keys} holds no signing key of ${formatAgentId(holder)}`,
            'name the file that `weft register --keys` made',
          );
        const signer = createSigner(signing);
        const document = present({
          ...{ credentials, signer, challenge: randomUUID() },
          ...{ holder: formatAgentDid(holder), domain: formatAgentDid(parseAgentId(options.to)) },
          verificationMethod: methodOfAgent(holder, signer.publicKey),
          nowSeconds: Math.floor(context.nowMs() / 1000),
        });
        await giveDocument(context.terminal, document, options.out);
        return undefined;
      },
    ),
  );
}

/** The network as the daemon shows it, and status lists past the guard. */
async function credentialContext(context: Context, allowPrivate: boolean): Promise<CredentialContext> {
  const [{ createStatusChecker }, { guardedFetch }, { statusCredentialBytesMax }] = await Promise.all([
    import('../../trust/status-checker.ts'),
    import('../../facts/fetch/guarded-fetch.ts'),
    import('../../trust/trust-limits.ts'),
  ]);
  const { resolve, check, nowSeconds } = verdictContext(context);
  const base = { resolve, check, nowSeconds };
  const rules = {
    allowPrivate,
    bytesMax: statusCredentialBytesMax,
    timeoutMs: fetchTimeoutMs,
    userAgent: `weft/${packageVersion()}`,
  };
  const { check: checkStatus } = createStatusChecker({
    fetch: async (url) =>
      (await guardedFetch(url, { ...rules, accept: 'application/vc+json, application/json;q=0.9' })).bytes,
    context: () => base,
  });
  return { ...base, checkStatus };
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('unreadable', `cannot read ${file}: ${error.code}`, 'name another file', {
      cause: error,
    });
  });
}
