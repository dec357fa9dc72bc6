/** Where a process spent its time: the file that `node --cpu-prof` writes, summed up by area. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Time of one area of the code on the profiled thread. */
export interface AreaTime {
  readonly area: string;
  readonly ms: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
}

/** As V8 writes it; times in microseconds. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Of the monotonic clock that `process.hrtime` reads, too. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** First match wins; what matches nothing is "other". A native function counts for the file that calls it. */
const areas: readonly (readonly [area: string, pattern: RegExp])[] = [
  ['idle', /^\(idle\)/],
  ['garbage collection', /^\(garbage collector\)/],
  ['signatures', /sodium-native|^\(extension/],
  ['CBOR', /cborg/],
  ['encryption', /noise|chacha|internal\/crypto|noble\/(ciphers|curves)/],
  ['store', /classic-level|abstract-level|adapters\/level/],
  ['core', /(dist|src)\/(core|driver)\//],
  ['transport', /libp2p|multiformats|uint8array|yamux|it-|event_target|net|stream|\(writev\)/],
];

/** Node's flags under which it writes its profile into that folder when it ends. */
export function profilerArguments(directory: string): readonly string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500'];
}

/** A stretch of the monotonic clock, microseconds. */
export interface Stretch {
  readonly fromMicroseconds: number;
  readonly toMicroseconds: number;
}

export const monotonicMicroseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** What the main thread did in that stretch, the largest area first; idle time stands with the rest. */
export async function readProfile(directory: string, stretch: Stretch): Promise<readonly AreaTime[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.cpuprofile')).sort();
  // Threads follow the process's own in the order of their numbers.
  const [file] = files;
  if (file === undefined) throw new Error('the process wrote no profile');
  return sumByArea(JSON.parse(await readFile(join(directory, file), 'utf8')) as CpuProfile, stretch);
}

function sumByArea(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  { fromMicroseconds, toMicroseconds }: Stretch,
): readonly AreaTime[] {
  const areaById = new Map(nodes.map((node) => [node.id, areaOf(node)]));
  const timeByArea = new Map<string, number>();
  let nowMicroseconds = startTime;
  for (const [index, sample] of samples.entries()) {
    nowMicroseconds += timeDeltas[index]!;
    if (nowMicroseconds < fromMicroseconds || nowMicroseconds > toMicroseconds) continue;
    const area = areaById.get(sample)!;
    timeByArea.set(area, (timeByArea.get(area) ?? 0) + timeDeltas[index]!);
  }
  if (timeByArea.size === 0) throw new Error('the profile has no sample of that stretch');
  return [...timeByArea]
    .map(([area, microseconds]) => ({ area, ms: microseconds / 1000 }))
    .sort((left, right) => right.ms - left.ms);
}

function areaOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const place = url === '' ? `(${functionName.replace(/^\(|\)$/g, '')})` : url;
  return areas.find(([, pattern]) => pattern.test(place))?.[0] ?? 'other';
}
