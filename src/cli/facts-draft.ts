/** From the options of `weft facts new` to AgentFacts, and facts out of a file or stdin. */
import { writeFile } from 'node:fs/promises';
import { formatAgentDid, formatAgentId, parseAgentId } from '../core/identity/agent-id.ts';
import type { AgentFacts } from '../facts/agent-facts.ts';
import { type JsonObject, parseJsonObject } from '../facts/bounded-json.ts';
import { factsBytesMax } from '../facts/facts-limits.ts';
import { CliError } from './cli-error.ts';
import { readInput } from './read-input.ts';
import type { Terminal } from './terminal.ts';
import { parseDuration } from './words.ts';

export interface DraftOptions {
  readonly name?: string;
  readonly label: string;
  readonly description: string;
  readonly factsVersion: string;
  readonly provider: string;
  readonly providerUrl: string;
  readonly endpoint?: readonly string[];
  readonly resolver?: string;
  readonly skill: readonly string[];
  readonly modality: readonly string[];
  readonly auth: readonly string[];
  readonly ttl?: string;
}

/** Facts that fit the schema; what no option says is to be added in the file. @throws CliError `usage`, FactsError */
export async function draftFacts(agent: string, options: DraftOptions): Promise<AgentFacts> {
  const id = formatAgentDid(parseAgentId(agent));
  const { readFacts } = await import('../facts/credential.ts');
  return readFacts({
    id,
    agent_name: options.name ?? `urn:agent:${id.slice('did:nanda:'.length)}`,
    label: options.label,
    description: options.description,
    version: options.factsVersion,
    provider: { name: options.provider, url: options.providerUrl },
    endpoints: {
      static: [...(options.endpoint ?? [])],
      ...(options.resolver !== undefined && { adaptive_resolver: { url: options.resolver } }),
    },
    capabilities: {
      modalities: [...options.modality],
      authentication: { methods: [...options.auth] },
    },
    skills: options.skill.map((text) => skillOf(text, options.modality)),
    ...(options.ttl !== undefined && { ttl: parseDuration(options.ttl) }),
  });
}

const neededOptions = ['label', 'description', 'skill', 'provider', 'providerUrl'] as const;

/** Where no card is given, the options say it all. @throws CliError `usage` */
export function withNeeded(options: Partial<DraftOptions>): DraftOptions {
  const missing = neededOptions.find((name) => options[name] === undefined);
  if (missing === undefined) return options as DraftOptions;
  const flag = missing.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new CliError(
    'usage',
    `required option '--${flag}' not specified`,
    'or take it all from a card: --from-card',
  );
}

/** Facts that say what an agent card of A2A says. @throws FactsError */
export async function draftOfCard(
  agent: string,
  card: JsonObject,
  name: string | undefined,
): Promise<AgentFacts> {
  const { factsOfCard } = await import('../api/a2a/facts-of-card.ts');
  return factsOfCard(parseAgentId(agent), card, name);
}

/** `id=what it does`. */
function skillOf(text: string, modes: readonly string[]): JsonObject {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) {
    throw new CliError(
      'usage',
      `--skill: "${text}" is not id=description`,
      'such as --skill "translate/en-es=English to Spanish"',
    );
  }
  return { id: text.slice(0, at), description: text.slice(at + 1), inputModes: modes, outputModes: modes };
}

/** The JSON object in a file; of stdin when it is `-` or left out. @throws CliError `unreadable`, FactsError */
export async function readDocument(terminal: Terminal, file: string | undefined): Promise<JsonObject> {
  return parseJsonObject(await readInput(terminal, file, factsBytesMax, 'name a file with JSON in it'));
}

/** The agent that facts speak of. @throws CliError `usage` */
export function agentOfFacts(facts: JsonObject | undefined): string {
  const id = facts?.['id'];
  if (typeof id === 'string' && id.startsWith('did:nanda:')) return formatAgentId(parseAgentId(id));
  throw new CliError('usage', 'the facts name no agent', 'their id is the DID of the agent: did:nanda:…');
}

/** As JSON for people, into a file or to stdout. */
export async function giveDocument(
  terminal: Terminal,
  document: object,
  file: string | undefined,
): Promise<void> {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (file !== undefined) {
    await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
      throw new CliError('unreadable', `cannot write ${file}: ${error.code}`, 'name another file', {
        cause: error,
      });
    });
    terminal.give({ file });
    terminal.say(`  written to ${file}`);
    return;
  }
  if (terminal.json) terminal.give(document);
  else terminal.stdout.write(text);
}
