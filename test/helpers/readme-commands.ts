/** Commands and programs that README.md shows, as its tests run them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The fenced blocks of one language, in order. */
export function fencedBlocks(markdown: string, language: string): string[] {
  const fences = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...markdown.matchAll(fences)].map((match) => match[1]!);
}

/** Command lines of `sh` blocks: comments stripped, continued lines joined. */
export function shellCommands(markdown: string): string[] {
  return fencedBlocks(markdown, 'sh')
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** What README.md says. */
export function readme(): string {
  return readFileSync(`${root}README.md`, 'utf8');
}
