/** `weft inspect`: decodes what the protocol's structures say, and what is wrong with them. */
import { type Command, Option } from 'commander';
import { type ExitCode, errorTable, exitCodes } from '../../api/error-table.ts';
import type { Json } from '../../api/views.ts';
import { bundleBytesMax } from '../../core/limits.ts';
import { CliError } from '../cli-error.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';
import type { Inspection } from '../inspect/inspect.ts';
import type { Authority } from '../inspect/signatures.ts';
import { recognise, type Structure, structures } from '../inspect/structure.ts';
import { readingsOf } from '../inspect/text-form.ts';
import { readInput } from '../read-input.ts';
import type { Terminal } from '../terminal.ts';
import { dataWords } from '../words.ts';

interface InspectOptions {
  readonly as?: Structure;
  readonly with?: string;
  readonly at?: string;
}

/** Base64 and line breaks included. */
const inputBytesMax = 4 * bundleBytesMax;

/** Adds it. */
export function addInspectCommand(program: Command, run: Runner): void {
  const command = program
    .command('inspect')
    .description(
      'decode a record, key event, bundle, grant, operation, revocation or announcement, and check it',
    )
    .argument('[file]', 'where it is: binary, hexadecimal, base32 or base64; stdin when left out or "-"')
    .addOption(new Option('--as <structure>', 'what it is meant to be').choices([...structures]))
    .option('--with <bundle>', 'a bundle of the same agent, by whose keys signatures are judged')
    .option('--at <time>', 'judge as of this time (ISO 8601 or seconds since 1970), not now');
  addExamples(command, [
    ['weft resolve nanda:bq4k… --raw | weft inspect', 'every part of an agent’s bundle'],
    ['weft inspect token.hex --with agent.bundle', 'a grant, against the agent that gave it'],
    ['weft inspect event.bin --json', 'as one JSON object'],
  ]).action(
    run<[string | undefined], InspectOptions>((context, [file], options) =>
      inspectFile(context, file, options),
    ),
  );
}

async function inspectFile(
  context: Context,
  file: string | undefined,
  options: InspectOptions,
): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const input = bounded(await readInput(terminal, file, inputBytesMax));
  const authority = options.with === undefined ? undefined : await readAuthority(terminal, options.with);
  const { inspect } = await import('../inspect/inspect.ts');
  const inspection = inspect(input, {
    nowSeconds: options.at === undefined ? Math.floor(nowMs() / 1000) : parseTime(options.at),
    ...(options.as !== undefined && { as: options.as }),
    ...(authority !== undefined && { authority }),
  });
  terminal.give(inspection);
  for (const line of render(terminal, inspection)) terminal.say(line);
  if (inspection.problem === null) return exitCodes.ok;
  return errorTable['ProtocolError']![inspection.problem.code]?.exitCode ?? exitCodes.refused;
}

async function readAuthority(terminal: Terminal, file: string): Promise<Authority> {
  const { authorityOfBundle } = await import('../inspect/inspect.ts');
  const readings = readingsOf(bounded(await readInput(terminal, file, inputBytesMax)));
  return authorityOfBundle(
    (readings.find(({ bytes }) => recognise(bytes) === 'bundle') ?? readings[0]!).bytes,
  );
}

function bounded(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= inputBytesMax) return bytes;
  throw new CliError(
    'unreadable',
    `over ${inputBytesMax} bytes: nothing of the protocol is that large`,
    'give one structure at a time',
  );
}

function parseTime(text: string): number {
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isFinite(seconds)) return Math.floor(seconds);
  throw new CliError(
    'usage',
    `--at: "${text}" is not a time`,
    'write it as 2026-11-21T12:00:00Z, or as seconds since 1970',
  );
}

function render(terminal: Terminal, inspection: Inspection): string[] {
  const { structure, form, sizeBytes, problem, data, agentId, content, signatures } = inspection;
  const verdict =
    problem === null
      ? terminal.paint('good', 'nothing wrong')
      : terminal.paint('bad', `${problem.code}: ${problem.detail}`);
  return [
    `${terminal.paint('strong', structure ?? 'unknown')}, ${sizeBytes} bytes${form === 'binary' ? '' : ` (from ${form})`}: ${verdict}`,
    ...(problem === null ? [] : [terminal.paint('quiet', `  ${problem.hint}`)]),
    ...(data ? [`  ${dataWords(data)}`] : []),
    ...(agentId === null ? [] : [`  agent ${agentId}`]),
    ...(content === null ? [] : outline(terminal, content, '  ')),
    ...(signatures.length === 0 ? [] : ['  signatures']),
    ...signatures.map(({ of, by, holds }) => {
      const words = {
        true: terminal.paint('good', '✓'),
        false: terminal.paint('bad', '✗'),
        null: terminal.paint('warning', '?'),
      };
      const who = by === null ? 'give the agent’s bundle with --with to check it' : `by ${by}`;
      return `    ${words[`${holds}`]} ${of}  ${terminal.paint('quiet', who)}`;
    }),
  ];
}

/** Nested values as indented lines; empty lists and nulls are left out. */
function outline(terminal: Terminal, value: Json, indent: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}${String(value)}`];
  const isList = Array.isArray(value);
  return Object.entries<Json>(value as { readonly [name: string]: Json }).flatMap(([name, inner]) => {
    const label = `${indent}${isList ? `[${name}]` : name}`;
    if (inner === null || (Array.isArray(inner) && inner.length === 0)) return [];
    if (typeof inner !== 'object') return [`${label}: ${terminal.paint('accent', String(inner))}`];
    const isFlat = Array.isArray(inner) && inner.every((item) => typeof item !== 'object');
    return isFlat ? [`${label}: ${inner.join(', ')}`] : [label, ...outline(terminal, inner, `${indent}  `)];
  });
}
