/** `weft keys`: what is in the keystore, and moving keys out of it and into it. */
import { type Command, Option } from 'commander';
import type { Json } from '../../api/views.ts';
import { formatAgentId, parseAgentId } from '../../core/identity/agent-id.ts';
import { keyFilePassphrase } from '../agent-client.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { hasKeys } from '../data-folder.ts';
import { addExamples } from '../help.ts';
import { obtainPassphrase } from '../passphrase.ts';

const roles = ['signing', 'rotation', 'recovery', 'delegate'] as const;
type Role = (typeof roles)[number];

interface ExportOptions {
  readonly out: string;
  readonly roles: readonly Role[];
  readonly remove?: boolean;
}

/** Adds them. */
export function addKeyCommands(program: Command, run: Runner): void {
  const keys = program.command('keys').description('list, export and import the keys in a node’s keystore');

  const list = keys.command('list').description('agents whose keys are in the keystore, and which');
  addExamples(list, [['weft keys list', 'agents and the roles of their keys']]).action(
    run((context) => listKeys(context)),
  );

  const out = keys
    .command('export')
    .description('copy or move keys to an encrypted file, so that they can live offline')
    .argument('<agent>', 'agent id')
    .requiredOption('--out <file>', 'the file to make')
    .addOption(new Option('--roles <role...>', 'which keys').choices(roles).default(['rotation', 'recovery']))
    .option(
      '--remove',
      'take them out of the keystore once the file is safe: the node can then not rotate by itself',
    );
  addExamples(out, [
    ['weft keys export nanda:bq4k… --out offline.keys', 'the rotation and recovery keys'],
    ['weft keys export nanda:bq4k… --out safe.keys --roles recovery --remove', 'move the recovery key away'],
  ]).action(run<[string], ExportOptions>((context, [agent], options) => exportKeys(context, agent, options)));

  const into = keys
    .command('import')
    .description('add exported keys to the keystore')
    .argument('<file>', 'what `weft keys export` made');
  addExamples(into, [['weft keys import offline.keys', 'all keys in it']]).action(
    run<[string]>((context, [file]) => importKeys(context, file)),
  );

  const create = keys
    .command('create-delegate')
    .description('make a key on this node to which an agent can be delegated; needs the running daemon')
    .argument('<agent>', 'the agent that will be delegated');
  addExamples(create, [
    ['weft keys create-delegate nanda:bq4k…', 'prints what `weft delegate --to` takes'],
  ]).action(run<[string]>((context, [agent]) => createDelegateKey(context, agent)));
}

async function listKeys(context: Context): Promise<undefined> {
  const { terminal } = context;
  const found = await (await openKeystore(context)).list();
  const agents = found.map((entry) => ({ agentId: formatAgentId(entry.agentId), roles: entry.roles }));
  terminal.give({ agents } as { agents: Json });
  if (agents.length === 0) terminal.say('no agent’s keys are here; `weft register` makes some');
  for (const { agentId, roles: held } of agents) terminal.say(`${agentId}  ${held.join(', ')}`);
}

async function exportKeys(context: Context, agent: string, options: ExportOptions): Promise<undefined> {
  const { terminal } = context;
  const { exportToFile } = await import('../../node/offline-keys.ts');
  const keystore = await openKeystore(context);
  const to = { path: options.out, passphrase: await keyFilePassphrase(context, options.out) };
  const remove = options.remove === true;
  const moved = await exportToFile(keystore, parseAgentId(agent), to, { roles: options.roles, remove });
  terminal.give({
    agentId: formatAgentId(moved.agentId),
    roles: moved.roles,
    file: options.out,
    removed: remove,
  });
  terminal.say(
    `${remove ? 'moved' : 'copied'} ${moved.roles.join(' and ')} of ${formatAgentId(moved.agentId)} to ${options.out}`,
  );
  if (!remove)
    terminal.say(terminal.paint('quiet', '  they are still in the keystore; --remove takes them out'));
}

async function importKeys(context: Context, file: string): Promise<undefined> {
  const { terminal } = context;
  const { importFromFile } = await import('../../node/offline-keys.ts');
  const keystore = await openKeystore(context);
  const moved = await importFromFile(keystore, {
    path: file,
    passphrase: await keyFilePassphrase(context, file),
  });
  const agents = moved.map((entry) => ({ agentId: formatAgentId(entry.agentId), roles: entry.roles }));
  terminal.give({ agents });
  for (const entry of agents) terminal.say(`imported ${entry.roles.join(' and ')} of ${entry.agentId}`);
}

async function createDelegateKey(context: Context, agent: string): Promise<undefined> {
  const { terminal } = context;
  const path = `/v1/agents/${formatAgentId(parseAgentId(agent))}/delegate-key`;
  const answer = await context.client().call('POST', path);
  terminal.give(answer);
  terminal.say(String(answer['publicKey']));
  terminal.note(
    terminal.paint('quiet', 'give it to the agent’s owner: weft delegate <agent> --to <this key>'),
  );
}

/** @throws CliError `not-initialised` */
async function openKeystore(context: Context) {
  const config = context.config();
  if (!hasKeys(config)) {
    const message = `there is no keystore in ${config.keystore.directory}`;
    throw new CliError(
      'not-initialised',
      message,
      'make one with `weft init`, or name the data folder with --data',
    );
  }
  const { protection, passphraseFile: file } = config.keystore;
  const isPlain = protection === 'none';
  const wish = { of: 'this node’s keys', file, isNew: false };
  const passphrase = isPlain ? null : await obtainPassphrase(context.terminal, wish);
  const { openKeysOfNode } = await import('../../node/offline-keys.ts');
  return (await openKeysOfNode(config, passphrase)).keys;
}
