/** Puts tables between their marks in a document, and the pictures beside it. */
import { ScenarioError } from '../lib/scenario.ts';
import { markdownTable, type ScalingTable } from './scaling-tables.ts';

/** @throws ScenarioError when the document has no place for a table. */
export function withTables(text: string, tables: readonly ScalingTable[]): string {
  return tables.reduce((document, table) => {
    const [begin, end] = [`<!-- table ${table.name} -->`, `<!-- end of ${table.name} -->`];
    const [from, to] = [document.indexOf(begin), document.indexOf(end)];
    if (from < 0 || to < from) throw new ScenarioError(`the document has no '${begin}' … '${end}'`);
    return `${document.slice(0, from + begin.length)}\n\n${markdownTable(table)}\n\n${document.slice(to)}`;
  }, text);
}
