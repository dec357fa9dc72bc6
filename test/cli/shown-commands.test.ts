/** Every `weft` command that the documents and the hints of errors show is there, with the options that it is shown with. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../src/api/error-table.ts';
import { createProgram } from '../../src/cli/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = globSync(['*.md', 'docs/**/*.md', 'config/*.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
}).sort();
const program = createProgram(process, () => {});

/** Lines of programs that begin with `weft`, and code in sentences that does; without what a shell does with them. */
function commandsShown(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map((match) => match[1]!);
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, ' ').split('\n'));
  const sentences = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`((?:npx )?weft [^`]+)`/g);
  return [...lines, ...[...sentences].map((match) => match[1]!)]
    .map((line) => /^(?:npx )?weft (.+)/s.exec(line.replace(/\s+/g, ' '))?.[1])
    .filter((line) => line !== undefined)
    .map((line) => line.split(/ (?:[|>&#]|--(?= ))/)[0]!);
}

/** What is not as the program has it. */
function faultsOf(line: string): string[] {
  const words = line.split(' ');
  let command: Command = program;
  for (;;) {
    const inner = command.commands.find((one) => one.name() === words[0]);
    if (inner === undefined) break;
    command = inner;
    words.shift();
  }
  const isGroup = command.commands.length > 0;
  if (command === program || (isGroup && /^[a-z-]+$/.test(words[0] ?? '') && !words[0]!.startsWith('-')))
    return [`${line}: no such command`];
  // A group may have a command that is meant when none is named.
  const options = [program, command, ...command.commands].flatMap((one) => one.options);
  return words.flatMap((word, index) => {
    if (!word.startsWith('--')) return [];
    const option = options.find(({ long }) => long === word);
    if (option === undefined) return [`${line}: no option ${word}`];
    const value = words[index + 1] ?? '';
    const isWrong = /^[a-z]/.test(value) && option.argChoices?.includes(value) === false;
    return isWrong ? [`${line}: ${word} is never ${value}`] : [];
  });
}

describe('the commands that are shown', () => {
  it('are many', () => {
    const shown = documents.flatMap((path) => commandsShown(readFileSync(join(root, path), 'utf8')));
    expect(shown.length).toBeGreaterThan(150);
  });

  it.each(documents)('in %s are there', (path) => {
    expect(commandsShown(readFileSync(join(root, path), 'utf8')).flatMap(faultsOf)).toEqual([]);
  });

  it('in the hints of errors are there', () => {
    const hints = Object.values(errorTable).flatMap((rows) => Object.values(rows).map(({ hint }) => hint));
    const shown = hints.flatMap(commandsShown);
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.flatMap(faultsOf)).toEqual([]);
  });

  it('are looked at: wrong ones are found', () => {
    const text =
      'Run `weft facts show x`, `weft peers --al` or `weft status`.\n```sh\nweft mode\nweft keys list --roles\n```\n';
    expect(commandsShown(text).flatMap(faultsOf)).toEqual([
      'mode: no such command',
      'keys list --roles: no option --roles',
      'facts show x: no such command',
      'peers --al: no option --al',
    ]);
    expect(faultsOf('delegate create nanda:a --rights facts')).toEqual([]);
    expect(faultsOf('delegate nanda:a --rights all')).toEqual([
      'delegate nanda:a --rights all: --rights is never all',
    ]);
  });
});
