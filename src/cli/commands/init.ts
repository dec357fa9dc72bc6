/** `weft init`: a data folder with the node's identity and its settings. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { addConfigOptions, configFlagsOf } from '../config-options.ts';
import type { Context, Runner } from '../context.ts';
import { configFile, hasKeys, prepareDataFolder, writeConfigFile } from '../data-folder.ts';
import { addExamples } from '../help.ts';

/** Adds it. */
export function addInitCommand(program: Command, run: Runner): void {
  const command = program
    .command('init')
    .description('make a data folder: the node’s identity, and a config.json with the settings given here')
    .option('--no-passphrase', 'do not encrypt the keys; the mode of the files alone protects them');
  addExamples(addConfigOptions(command), [
    ['weft init', 'in ~/.weft; asks for a new passphrase'],
    ['weft init --bootstrap /ip4/192.0.2.7/tcp/4801/p2p/12D3…', 'a node that will join a network'],
    ['WEFT_PASSPHRASE_FILE=/run/passphrase weft init --data /var/lib/weft', 'without a terminal'],
  ]).action(run<[], Record<string, unknown>>((context, _given, options) => initialise(context, options)));
}

async function initialise(context: Context, options: Readonly<Record<string, unknown>>): Promise<undefined> {
  const { terminal } = context;
  const flags = configFlagsOf(options);
  const before = context.config(flags);
  if (hasKeys(before) || existsSync(configFile(before))) {
    const hint = '`weft start` runs it; for another node name another folder with --data';
    throw new CliError('failed', `${before.dataDirectory} has a node already`, hint);
  }
  const encrypted = options['passphrase'] !== false;
  const { config, passphrase } = await prepareDataFolder(context, flags, encrypted);
  const { openKeysOfNode, peerOfSeed } = await import('../../node/offline-keys.ts');
  const { identitySeed } = await openKeysOfNode(config, passphrase);
  writeConfigFile(config, [...Object.keys(flags), ...(encrypted ? [] : ['keystore.protection'])]);
  const peer = await peerOfSeed(identitySeed);
  const { dataDirectory } = config;
  terminal.give({ peer, dataDirectory, configFile: configFile(config), encrypted });
  terminal.say(`made a node in ${terminal.paint('strong', dataDirectory)}`);
  terminal.say(`  peer      ${peer}`);
  terminal.say(`  settings  ${configFile(config)}`);
  terminal.say(
    `  keys      ${config.keystore.directory}${encrypted ? '' : `  ${terminal.paint('warning', '(not encrypted)')}`}`,
  );
  terminal.say('`weft start` runs it');
}
