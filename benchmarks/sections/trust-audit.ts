/** What the audit log weighs: bytes of an entry in its rows and on the disk, in the store that a daemon has. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLevelStore } from '../../src/adapters/level/level-store.ts';
import { createNativeSigner } from '../../src/adapters/native/native-signer.ts';
import { createNodeCryptoVerifier } from '../../src/adapters/native/node-crypto-verifier.ts';
import { createAuditLog } from '../../src/audit/log/audit-log.ts';
import { openLogQueue } from '../../src/audit/log/log-queue.ts';
import { auditPrefix } from '../../src/audit/log/log-rows.ts';
import { acceptedKinds } from '../../src/core/record/accepted.ts';
import type { MeasuredSection, RunSettings, SectionResult } from '../lib/suite.ts';
import { formatNumber } from '../lib/table.ts';
import { secondsNow } from '../lib/weft-records.ts';

/** The section. */
export const trustAudit: MeasuredSection = {
  section: {
    name: 'audit',
    summary: 'bytes of an entry of the audit log, in its rows and on the disk',
    run: runAudit,
  },
  targets: [],
};

/** Each agent is logged once for each of its key events; who was just born has one. */
const eventsPerWrite = 100;

async function runAudit({ quick, seed, progress }: RunSettings): Promise<SectionResult> {
  const entries = quick ? 20_000 : 100_000;
  const directory = await mkdtemp(join(tmpdir(), 'weft-bench-audit-'));
  try {
    const store = await createLevelStore({ directory, ballastBytes: 0 });
    const queue = await openLogQueue(store);
    const log = createAuditLog({
      ...{ store, queue, check: createNodeCryptoVerifier().verify },
      signer: createNativeSigner(hashed(`log ${seed}`)),
      randomBytes: (length) => hashed(`name ${seed}`).subarray(0, length),
    });
    for (let start = 0; start < entries; start += eventsPerWrite) {
      const events = Array.from({ length: eventsPerWrite }, (_, index) => ({
        agentId: hashed(`agent ${seed} ${start + index}`),
        kind: acceptedKinds[0]!,
        hash: hashed(`event ${seed} ${start + index}`),
      }));
      await store.write([queue.row(events, secondsNow())]);
    }
    const { size } = await log.seal();
    if (size !== entries) throw new Error(`the log has ${size} of ${entries} entries`);
    let rowBytes = 0;
    for await (const [key, value] of store.entries(auditPrefix)) rowBytes += key.length + value.length;
    await store.close();
    // What is on the disk is counted when nothing waits to be compacted.
    const again = await createLevelStore({ directory, ballastBytes: 0 });
    const { sizeBytes } = await again.statistics();
    await again.close();
    return resultOf(entries, rowBytes / entries, sizeBytes / entries, progress);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function resultOf(
  entries: number,
  rowBytes: number,
  diskBytes: number,
  progress: RunSettings['progress'],
): SectionResult {
  progress(`audit: ${Math.round(rowBytes)} bytes an entry`);
  return {
    data: { entries, rowBytes, diskBytes },
    measurements: { 'audit/rowBytes': rowBytes, 'audit/diskBytes': diskBytes },
    tables: [
      {
        title: `Bytes of an entry of the audit log, of ${entries}`,
        columns: ['where', 'B'],
        rows: [
          ['its rows: entry, tree, index of agents', formatNumber(rowBytes)],
          ['on the disk', formatNumber(diskBytes)],
        ],
      },
    ],
    charts: [],
  };
}

function hashed(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}
