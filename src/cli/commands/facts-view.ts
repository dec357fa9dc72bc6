/** `weft facts view`: facts of an agent for those who show what a policy asks for, served by the daemon; and reading one. */
import type { Command } from 'commander';
import type { JsonObject as ViewObject } from '../../api/views.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import type { JsonObject } from '../../facts/bounded-json.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { createControlClient } from '../control-client.ts';
import { agentOfFacts, giveDocument, readDocument } from '../facts-draft.ts';
import { sayVerdict, verdictContext, verdictJson } from '../facts-verdict.ts';
import { addExamples } from '../help.ts';
import { relativeTime } from '../words.ts';

interface ViewJson {
  readonly name: string;
  readonly zone: string;
  readonly changedAt: string;
  readonly url: string;
}

/** Adds it below `facts`. */
export function addViewCommand(facts: Command, run: Runner): void {
  const view = facts
    .command('view')
    .description('other views of the facts of an agent, for those who show a credential');
  addSetCommand(view, run);
  addListCommand(view, run);
  addReadCommand(view, run);
  addRemoveCommand(view, run);
}

function addSetCommand(view: Command, run: Runner): void {
  const command = view
    .command('set')
    .description(
      'have the daemon serve these facts to whoever satisfies a policy, in place of a view of that name',
    )
    .argument('<name>', 'of the view: a-z, 0-9 and "-"')
    .argument('[file]', 'the facts, unsigned; stdin when left out or "-"')
    .requiredOption('--policy <file>', 'a zone policy with at least one rule: who may read them');
  addExamples(command, [
    [
      'weft facts view set partners partners.json --policy partners-zone.json',
      '`weft trust schema` prints what a policy may say',
    ],
  ]).action(
    run<[string, string | undefined], { policy: string }>(async (context, [name, file], { policy }) => {
      const { terminal } = context;
      const facts = await readDocument(terminal, file);
      const answer = await context.client().call('PUT', viewPath(agentOfFacts(facts), name), {
        facts: facts as ViewObject,
        policy: (await readDocument(terminal, policy)) as ViewObject,
      });
      terminal.give(answer);
      const { url, zone } = answer as unknown as ViewJson;
      terminal.say(`${terminal.paint('good', 'served')}  ${url} for whom the zone ${zone} admits`);
      terminal.say(
        terminal.paint('quiet', `  they read it by: weft facts view read <URL of this API>${url} shown.json`),
      );
      return undefined;
    }),
  );
}

function addListCommand(view: Command, run: Runner): void {
  const command = view
    .command('list')
    .description('the views that the daemon has of the facts of an agent')
    .argument('<agent>', 'agent id');
  addExamples(command, [['weft facts view list nanda:bq4k…', 'with the zone of each']]).action(
    run<[string]>(async ({ terminal, client, nowMs }, [agent]) => {
      const answer = await client().call('GET', viewPath(agent));
      terminal.give(answer);
      const all = answer['views'] as unknown as readonly ViewJson[];
      for (const { name, zone, changedAt, url } of all) {
        const since = terminal.paint('quiet', `changed ${relativeTime(changedAt, nowMs())}`);
        terminal.say(`${terminal.paint('strong', name)}  zone ${zone}  ${url}  ${since}`);
      }
      if (all.length === 0) terminal.say('none');
      return undefined;
    }),
  );
}

function addReadCommand(view: Command, run: Runner): void {
  const command = view
    .command('read')
    .description('read a view at the node that serves it, and verify it')
    .argument('<url>', 'of the view: https://…/facts/nanda:…/views/…')
    .argument('[file]', 'what `weft trust present` made; stdin when left out or "-"')
    .option('--raw', 'print the credential alone');
  addExamples(command, [
    [
      'weft facts view read https://acme.example/facts/nanda:bq4k…/views/partners shown.json',
      'with what `weft trust present` made: good for five minutes, and once',
    ],
  ]).action(
    run<[string, string | undefined], { raw?: boolean }>(async (context, [url, file], { raw }) => {
      const { terminal } = context;
      const subject = agentOfView(url);
      const credential = await readView(url, await readDocument(terminal, file));
      const { verifyFacts } = await import('../../facts/verify-facts.ts');
      const verdict = await verifyFacts(credential, { ...verdictContext(context), subject });
      if (raw === true) {
        await giveDocument(terminal, credential, undefined);
        return undefined;
      }
      terminal.give(verdictJson(verdict));
      sayVerdict(terminal, verdict, context.nowMs());
      return undefined;
    }),
  );
}

function addRemoveCommand(view: Command, run: Runner): void {
  const command = view
    .command('remove')
    .description('have the daemon serve a view no more')
    .argument('<agent>', 'agent id')
    .argument('<name>', 'of the view');
  addExamples(command, [
    ['weft facts view remove nanda:bq4k… partners', 'what was read before counts for five minutes at most'],
  ]).action(
    run<[string, string]>(async (context: Context, [agent, name]) => {
      const { terminal } = context;
      const answer = await context.client().call('DELETE', viewPath(agent, name));
      terminal.give(answer);
      terminal.say(answer['removed'] === true ? 'removed' : 'there was nothing to remove');
      return undefined;
    }),
  );
}

function viewPath(agent: string, name?: string): string {
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/views`;
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`;
}

/** The node that serves it is a stranger: no token goes there. */
function readView(url: string, presentation: JsonObject): Promise<ViewObject> {
  const { origin, pathname } = new URL(url);
  return createControlClient({ url: origin, token: '' }).call('POST', pathname, presentation as ViewObject);
}

/** @throws CliError `usage` */
function agentOfView(url: string): Uint8Array {
  const agent = /^https?:\/\/[^/]+\/facts\/(nanda:[a-z2-7]+)\/views\/[a-z0-9-]+$/.exec(url)?.[1];
  if (agent !== undefined) return parseAgentId(agent);
  throw new CliError(
    'usage',
    `"${url}" is no URL of a view`,
    'such as https://acme.example/facts/nanda:…/views/partners',
  );
}
