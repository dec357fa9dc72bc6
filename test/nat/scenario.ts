/** Runs on the router: both sides in their namespaces, and what happened as one line of JSON. */
import { fileURLToPath } from 'node:url';
import { startProcess } from './line-process.ts';

const inNamespace = (name: string, script: string, ...parameters: string[]) =>
  startProcess('ip', [
    ...['netns', 'exec', name, process.execPath],
    fileURLToPath(new URL(script, import.meta.url)),
    ...parameters,
  ]);

const outside = inNamespace('net', 'outside.ts');
const ready = await outside.hear<{ bootstrap: string[]; agent: string }>('ready');
const inside = inNamespace('home', 'inside.ts', JSON.stringify(ready));
const resolved = await inside.hear<string>('resolved');
const hidden = await inside.hear<{ direct: string; relayed: string }>('hidden');
outside.tell({ seen: true });
const seen = await outside.hear<string[]>('seen');
outside.tell({ dialDirectly: hidden.direct });
const direct = await outside.hear<string>('direct');
outside.tell({ dialRelayed: hidden.relayed });
const relayed = await outside.hear<string>('relayed');
const upgraded = await outside.hear<string>('upgraded');
outside.tell({ revoke: true });
const revokedAtMs = await outside.hear<number>('revokedAtMs');
const changed = await inside.hear<{ change: string; atMs: number }>('changed');
await Promise.all([inside.end(), outside.end()]);
console.log(
  JSON.stringify({
    resolved,
    seen,
    direct,
    relayed,
    upgraded,
    change: changed.change,
    tookMs: changed.atMs - revokedAtMs,
  }),
);
