/** `weft announce`: says what an agent in custody can do. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import { counted, parseDuration } from '../words.ts';

interface AnnounceOptions {
  readonly withdraw?: boolean;
  readonly timeout?: string;
}

interface AnnounceJson {
  readonly tags: readonly string[];
  readonly announce: {
    readonly holders: number;
    readonly displaced: number;
    readonly asked: number;
    readonly refusal: string | null;
  };
}

/** Adds it. */
export function addAnnounceCommand(program: Command, run: Runner): void {
  const command = program
    .command('announce')
    .description(
      'announce what an agent can do, in place of what it announced before; the daemon keeps it announced',
    )
    .argument('<agent>', 'agent id, of an agent whose keys the daemon holds')
    .argument('[tag...]', 'up to 4 tags such as /translate/en-es')
    .option('--withdraw', 'announce nothing any more')
    .option('--timeout <duration>', 'wait for the storing peers this long, such as 5s');
  addExamples(command, [
    ['weft announce nanda:bq4k… /translate/en-es /summarise', 'found by both, and by /translate'],
    ['weft announce nanda:bq4k… --withdraw', 'no longer found'],
  ]).action(
    run<[string, string[]], AnnounceOptions>((context, [agent, tags], options) =>
      announce(context, agent, tags, options),
    ),
  );
}

async function announce(
  { terminal, client }: Context,
  agent: string,
  tags: readonly string[],
  { withdraw = false, timeout }: AnnounceOptions,
): Promise<ExitCode> {
  if ((tags.length === 0) !== withdraw)
    throw new CliError('usage', 'name tags, or --withdraw', 'see `weft announce --help`');
  const body = { tags, ...(timeout !== undefined && { timeoutMs: parseDuration(timeout) * 1000 }) };
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/capabilities`;
  const answer = await client().call('PUT', path, body);
  terminal.give(answer);
  const { announce: said, tags: standing } = answer as unknown as AnnounceJson;
  const what = withdraw ? 'withdrawn' : `announced ${standing.join(' ')}`;
  const { holders, displaced, refusal } = said;
  const lost = displaced === 0 ? '' : `, ${displaced} keep 64 others this hour`;
  const reason = refusal === null ? '' : `, others refused: ${refusal}`;
  const isTaken = withdraw || holders > 0;
  terminal.say(
    `${terminal.paint(isTaken ? 'good' : 'bad', isTaken ? what : 'not announced')}  ${counted(holders, 'storing peer')} of ${said.asked}${lost}${reason}`,
  );
  return isTaken ? exitCodes.ok : exitCodes.failure;
}
