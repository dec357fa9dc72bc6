/**
 * Worker threads that verify packed batches. Workers start when there is work and keep the process alive only while
 * they have some. Each has at most two batches under way, so that it never waits for the calling thread between them.
 */
import { Worker } from 'node:worker_threads';
import { type BatchItem, packBatch } from './verify-batch.ts';

/** One batch and where its verdicts go; `null` when its worker died: verify it elsewhere. */
export interface PoolBatch {
  readonly items: readonly BatchItem[];
  onVerdicts(verdicts: Uint8Array | null): void;
}

export interface VerifyPool {
  /** True while a worker can take a batch at once. */
  hasRoom(): boolean;
  /** Hands a batch to the least busy worker; only while hasRoom(). */
  submit(batch: PoolBatch): void;
  close(): Promise<void>;
}

interface Member {
  readonly worker: Worker;
  /** In the order submitted, which is the order of the answers. */
  readonly underWay: PoolBatch[];
}

const batchesPerWorkerMax = 2;
/** Workers that die are replaced this many times in all; then the calling thread does the work. */
const replacementsMax = 8;

/** The same file beside this one, in the source tree and in the compiled one. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts') ? './verify-worker.ts' : './verify-worker.js',
  import.meta.url,
);

/** A pool of at most so many workers. */
export function createVerifyPool(workersMax: number): VerifyPool {
  const members: Member[] = [];
  let workersLeft = workersMax + replacementsMax;

  function leastBusy(): Member | undefined {
    return members.reduce<Member | undefined>(
      (best, member) => (best === undefined || member.underWay.length < best.underWay.length ? member : best),
      undefined,
    );
  }

  function start(): Member {
    workersLeft--;
    // It keeps nothing: the default young generation would only fill before it is looked at.
    const worker = new Worker(workerUrl, { execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 2 } });
    const member: Member = { worker, underWay: [] };
    worker.unref();
    worker.on('message', (verdicts: Uint8Array) => {
      const batch = member.underWay.shift();
      if (member.underWay.length === 0) worker.unref();
      batch?.onVerdicts(verdicts);
    });
    worker.on('error', () => leave(member));
    worker.on('exit', () => leave(member));
    members.push(member);
    return member;
  }

  function leave(member: Member): void {
    const place = members.indexOf(member);
    if (place >= 0) members.splice(place, 1);
    for (const batch of member.underWay.splice(0)) batch.onVerdicts(null);
  }

  function canStart(): boolean {
    return members.length < workersMax && workersLeft > 0;
  }

  return {
    hasRoom: () => canStart() || members.some((member) => member.underWay.length < batchesPerWorkerMax),
    submit(batch) {
      const candidate = leastBusy();
      const isFree = candidate !== undefined && candidate.underWay.length === 0;
      const member = isFree || !canStart() ? candidate! : start();
      member.worker.ref();
      member.underWay.push(batch);
      const buffer = packBatch(batch.items);
      member.worker.postMessage(buffer, [buffer]);
    },
    async close() {
      workersLeft = 0;
      await Promise.all([...members].map((member) => member.worker.terminate()));
    },
  };
}
