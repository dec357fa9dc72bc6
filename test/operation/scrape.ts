/** Metrics as Prometheus sees them: names, types and samples of a text exposition, and the table of the documents. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Scrape {
  /** Families: what `# TYPE` names. */
  readonly types: ReadonlyMap<string, string>;
  /** Series: `name{labels}`, in the order of the text, with their values. */
  readonly samples: ReadonlyMap<string, number>;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

export function readDocument(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8');
}

/** @throws Error on a line that is neither comment nor sample, and on a sample without a family before it. */
export function parseScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) {
      types.set(type[1]!, type[2]!);
      continue;
    }
    const sample = /^([a-z_0-9]+)(\{.*\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`not a line of the format: ${line}`);
    const [, name, labels = '', value] = sample;
    const family = types.has(name!) ? name! : name!.replace(/_(bucket|sum|count)$/, '');
    if (!types.has(family)) throw new Error(`a sample without a type: ${line}`);
    samples.set(`${name}${labels}`, Number(value));
  }
  return { types, samples };
}

/** Names in the first column of the tables under `## Metrics`. */
export function documentedMetrics(): Set<string> {
  const section = readDocument('docs/operating.md').split('\n## Metrics\n')[1]!.split('\n## ')[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Set(
    rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([a-z_0-9]+)`/g)].map(([, name]) => name!)),
  );
}

/** Names that stand where PromQL has metrics: not functions, not labels, not words of the language. */
export function metricNamesOf(expression: string): string[] {
  const words = 'and|or|unless|offset|bool|sum|min|max|avg|count';
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\b(label_values\(\w+),[^)]*/g, '$1')
    .replace(/\boffset \w+/g, ' ');
  return [...bare.matchAll(/(?<![\w$.])[a-z_][a-z_0-9]*(?!\s*\(|\w)/gi)]
    .map(([name]) => name)
    .filter((name) => !new RegExp(`^(${words})$`).test(name));
}
