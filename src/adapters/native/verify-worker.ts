/** The worker thread of sodium-verifier: a packed batch in, one verdict byte per check out (verify-batch). */
import { parentPort } from 'node:worker_threads';
import { isValidKey, isValidSignature } from './sodium-check.ts';
import { unpackBatch, verdictBits } from './verify-batch.ts';

parentPort?.on('message', (buffer: ArrayBuffer) => {
  const items = unpackBatch(buffer);
  const verdicts = new Uint8Array(items.length);
  for (const [index, { check, admitted }] of items.entries()) {
    if (!admitted && !isValidKey(check.publicKey)) continue;
    verdicts[index] = verdictBits.admitted + (isValidSignature(check) ? verdictBits.valid : 0);
  }
  parentPort?.postMessage(verdicts, [verdicts.buffer]);
});
