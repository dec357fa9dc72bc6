/** `weft audit`: the log of what a node accepted, proofs of it, and what they are worth. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { columns } from '../terminal.ts';
import { counted, relativeTime } from '../words.ts';

interface OutOption {
  readonly out?: string;
}

interface ProveOptions extends OutOption {
  readonly peer?: string;
  readonly since?: string;
}

interface LogOptions {
  readonly from?: string;
  readonly limit?: string;
  readonly peers?: boolean;
}

interface CompareOptions extends OutOption {
  readonly with: string;
  readonly withTokenFile?: string;
}

interface LogJson {
  readonly size: number;
  readonly entries: readonly { index: number; seenAt: string; agentId: string; kind: string; hash: string }[];
}

interface KnownLogsJson {
  readonly logs: readonly { peer: string; size: number; state: string; heardAt: string; renewals: number }[];
}

const toFile = '--out <file>';
const toFileMeaning = 'write it there; stdout when left out';

/** Adds it. */
export function addAuditCommand(program: Command, run: Runner): void {
  const audit = program
    .command('audit')
    .description('the log of every key event and revocation that a node accepted, and proofs of it');
  addLogCommands(audit, run);
  addProofCommands(audit, run);
}

function addLogCommands(audit: Command, run: Runner): void {
  const checkpoint = audit
    .command('checkpoint')
    .description('the size and root of the log, signed by the node')
    .option(toFile, toFileMeaning);
  addExamples(checkpoint, [
    ['weft audit checkpoint --out monday.note', 'keep it, and ask later whether the log continues it'],
  ]).action(run<[], OutOption>((context, _given, options) => showCheckpoint(context, options)));
  const log = audit
    .command('log')
    .description('what the node accepted, newest last')
    .option('--from <index>', 'begin with this entry')
    .option('--limit <number>', 'show at most so many, 1 to 1000')
    .option('--peers', 'the logs of other nodes, as far as this one knows them');
  addExamples(log, [
    ['weft audit log', 'the last hundred entries'],
    ['weft audit log --from 0 --limit 1000 --json', 'from the beginning, as one JSON object'],
    ['weft audit log --peers', 'whose logs are known, and whether they hold'],
  ]).action(run<[], LogOptions>((context, _given, options) => showLog(context, options)));
}

function addProofCommands(audit: Command, run: Runner): void {
  const prove = audit
    .command('prove')
    .description('a file that shows anybody what a log has of an agent, or that it continues a checkpoint')
    .argument('[agent]', 'agent id; left out with --since')
    .option('--peer <peer>', 'from the log of this peer')
    .option('--since <file>', 'that the log continues the checkpoint in this file')
    .option(toFile, toFileMeaning);
  addExamples(prove, [
    ['weft audit prove nanda:bq4k… --out agent.proof', 'what this node accepted of the agent, and when'],
    ['weft audit prove --since monday.note --out week.proof', 'that nothing was taken out since'],
  ]).action(
    run<[string | undefined], ProveOptions>((context, [agent], options) =>
      makeProof(context, agent, options),
    ),
  );
  const verify = audit
    .command('verify')
    .description('check a proof; needs no daemon and no network')
    .argument('[file]', 'the proof; stdin when left out or "-"')
    .option('--log <peer>', 'it must be of the log of this node');
  addExamples(verify, [
    ['weft audit verify agent.proof', 'says what it proves; exit code 5 when it does not hold'],
    ['weft audit verify agent.proof --log 12D3Koo…', 'and that this node is meant'],
  ]).action(
    run<[string | undefined], { readonly log?: string }>((context, [file], { log }) =>
      checkProof(context, file, log),
    ),
  );
  const compare = audit
    .command('compare')
    .description('hold what two nodes say against one another; a contradiction becomes a proof for anybody')
    .argument('[agent]', 'agent id; left out: the logs themselves')
    .requiredOption('--with <node>', 'address of the API of another node, or the id of a connected peer')
    .option('--with-token-file <file>', 'token of that API, where reads need one')
    .option(toFile, 'write the proof of a contradiction there; stdout when left out');
  addExamples(compare, [
    ['weft audit compare nanda:bq4k… --with http://192.0.2.7:4800', 'exit code 6 when they contradict'],
    ['weft audit compare --with 12D3Koo… --out fork.proof', 'whether that node shows everybody one log'],
  ]).action(
    run<[string | undefined], CompareOptions>((context, [agent], options) =>
      compareNodes(context, agent, options),
    ),
  );
}

async function showCheckpoint(context: Context, { out }: OutOption): Promise<undefined> {
  const { writeText } = await import('../audit/audit-files.ts');
  const answer = await context.client().call('GET', '/v1/audit');
  await writeText(context.terminal, String(answer['checkpoint']), answer, out);
}

async function showLog(context: Context, { from, limit, peers }: LogOptions): Promise<undefined> {
  const { terminal, nowMs } = context;
  if (peers === true) {
    const answer = await context.client().call('GET', '/v1/audit/logs');
    terminal.give(answer);
    const { logs } = answer as unknown as KnownLogsJson;
    const rows = logs.map(({ peer, size, state, heardAt, renewals }) => [
      peer,
      terminal.paint(state === 'forked' ? 'bad' : state === 'unproven' ? 'warning' : 'good', state),
      counted(size, 'entry'),
      terminal.paint(
        'quiet',
        `${relativeTime(heardAt, nowMs())}${renewals === 0 ? '' : `, begun anew ${renewals} times`}`,
      ),
    ]);
    for (const line of columns(rows)) terminal.say(line);
    if (logs.length === 0) terminal.note('no other log is known yet');
    return;
  }
  const query = new URLSearchParams({
    ...(from !== undefined && { from }),
    ...(limit !== undefined && { limit }),
  });
  const answer = await context.client().call('GET', `/v1/audit/entries?${query}`);
  terminal.give(answer);
  const { size, entries } = answer as unknown as LogJson;
  const rows = entries.map(({ index, seenAt, agentId, kind, hash }) => [
    String(index),
    terminal.paint('quiet', seenAt),
    kind,
    agentId,
    terminal.paint('quiet', hash),
  ]);
  for (const line of columns(rows)) terminal.say(line);
  terminal.note(`${counted(size, 'entry')} in the log`);
}

async function makeProof(
  context: Context,
  agent: string | undefined,
  options: ProveOptions,
): Promise<undefined> {
  const { peer, since, out } = options;
  if ((agent === undefined) === (since === undefined))
    throw new CliError(
      'usage',
      'name an agent, or a checkpoint with --since',
      'weft audit prove --help shows both',
    );
  const { terminal } = context;
  const [{ readText, writeText, proofText, holds }, { readProofFile }, { verifyProofFile }, words] =
    await Promise.all([
      import('../audit/audit-files.ts'),
      import('../../audit/proof/proof-file.ts'),
      import('../../audit/proof/verify-file.ts'),
      import('../audit/audit-words.ts'),
    ]);
  const path = `/v1/audit/agents/${agent === undefined ? '' : formatAgentId(parseAgentId(agent))}`;
  const answer =
    since === undefined
      ? await context
          .client()
          .call('GET', peer === undefined ? path : `${path}?peer=${encodeURIComponent(peer)}`)
      : await context
          .client()
          .call('POST', '/v1/audit/consistency', { checkpoint: await readText(terminal, since) });
  const file = readProofFile(answer);
  // What is handed on was checked here first.
  const verified = verifyProofFile(file, holds);
  await writeText(terminal, proofText(file), answer, out);
  terminal.note(words.proofSentence(verified));
}

async function checkProof(
  context: Context,
  file: string | undefined,
  log: string | undefined,
): Promise<ExitCode> {
  const { terminal } = context;
  const [{ readText, holds }, { parseProofFile }, { verifyProofFile }, words] = await Promise.all([
    import('../audit/audit-files.ts'),
    import('../../audit/proof/proof-file.ts'),
    import('../../audit/proof/verify-file.ts'),
    import('../audit/audit-words.ts'),
  ]);
  const verified = verifyProofFile(parseProofFile(await readText(terminal, file)), holds);
  if (log !== undefined) {
    const { AuditError } = await import('../../audit/audit-error.ts');
    const peers = 'views' in verified ? verified.views.map(({ checkpoint }) => checkpoint.peer) : [];
    if ('older' in verified) peers.push(verified.newer.peer);
    if ('first' in verified) peers.push(verified.first.peer);
    if (!peers.includes(log)) throw new AuditError('wrong-log', `the proof is not of a log of ${log}`);
  }
  terminal.give(words.verifiedJson(verified));
  terminal.say(terminal.paint('good', `holds: ${words.proofSentence(verified)}`));
  for (const line of words.proofDetails(terminal, verified)) terminal.say(line);
  return exitCodes.ok;
}

const sentences = {
  same: 'both have the same events',
  behind: 'one has events that the other has not heard of yet: one history',
  overturned: 'a recovery settles what the two have heard: one history',
  continues: 'the log continues what is known of it',
  unproven: 'that node has not proven yet that its log continues what is known of it',
  forked: 'they contradict one another: the agent has two histories',
  'log-fork': 'they contradict one another: one log has two trees',
} as const;

async function compareNodes(
  context: Context,
  agent: string | undefined,
  options: CompareOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const [{ readText, writeText, proofText }, { proofJson }, compare] = await Promise.all([
    import('../audit/audit-files.ts'),
    import('../../audit/proof/proof-file.ts'),
    import('../audit/compare-logs.ts'),
  ]);
  const tokenFile = options.withTokenFile;
  const other = compare.otherNode(
    options.with,
    tokenFile === undefined ? '' : (await readText(terminal, tokenFile)).trim(),
  );
  const { verdict, proof } =
    agent === undefined
      ? await compare.compareLogs(context.client(), other)
      : await compare.compareAgent(context.client(), other, formatAgentId(parseAgentId(agent)));
  const contradicts = verdict === 'forked' || verdict === 'log-fork';
  const answer = { verdict, contradicts, proof: proof === null ? null : proofJson(proof) };
  if (terminal.json || proof === null) terminal.give(answer);
  if (proof !== null && !(terminal.json && options.out === undefined))
    await writeText(terminal, proofText(proof), answer, options.out);
  terminal.note(terminal.paint(contradicts ? 'bad' : 'good', sentences[verdict]));
  return contradicts ? exitCodes.notUsable : exitCodes.ok;
}
