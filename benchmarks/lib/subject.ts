/**
 * What every system under comparison offers to the harness. One subject lives in one child process with all of
 * its nodes, its writer and its reader, so that the process layout is the same for each.
 */

/** How a subject is started; the same values for every subject of a run. */
export interface SubjectSettings {
  /** Storing nodes; the writer is one of them, the reader comes on top and stores nothing. */
  readonly nodes: number;
  /** Makes keys and values repeatable. */
  readonly seed: number;
}

/** A running network of one system. Record numbers are chosen by the harness and never written twice. */
export interface Subject {
  /** Starts the storing nodes and the reader; resolves when every node has found its neighbours. */
  start(settings: SubjectSettings): Promise<void>;
  /** Makes the keys of records `first` to `first + count - 1`; not part of any measured time. */
  prepare(first: number, count: number): Promise<void>;
  /** Writes record number `record` from the writer; rejects unless the network acknowledged it. */
  put(record: number): Promise<void>;
  /** Reads record number `record` at the reader; rejects unless the answer is verified and is what `put` wrote. */
  get(record: number): Promise<void>;
  stop(): Promise<void>;
}

/** Name of a subject, as `--only` and the report print it. */
export type SubjectName = 'weft' | 'hyperdht' | 'bittorrent-dht' | 'kad-dht';

/** In the order in which they take their turns. */
export const subjectNames: readonly SubjectName[] = ['weft', 'hyperdht', 'bittorrent-dht', 'kad-dht'];

/** Loads one subject; only its own process does, so that no other library weighs on its memory. */
export async function createSubject(name: SubjectName): Promise<Subject> {
  switch (name) {
    case 'weft':
      return (await import('../subjects/weft.ts')).createWeftSubject();
    case 'hyperdht':
      return (await import('../subjects/hyperdht.ts')).createHyperdhtSubject();
    case 'bittorrent-dht':
      return (await import('../subjects/bittorrent-dht.ts')).createBittorrentSubject();
    case 'kad-dht':
      return (await import('../subjects/kad-dht.ts')).createKadSubject();
  }
}
