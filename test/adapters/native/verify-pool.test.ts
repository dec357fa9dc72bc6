/** The worker threads behind the libsodium verifier: they do the work, survive a death, and let the process end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createKeyAdmission } from '../../../src/adapters/native/key-admission.ts';
import { packBatch, unpackBatch, verdictBits } from '../../../src/adapters/native/verify-batch.ts';
import { createVerifyPool } from '../../../src/adapters/native/verify-pool.ts';
import { createVerifyQueue } from '../../../src/adapters/native/verify-queue.ts';
import { createSigner, type SignatureCheck } from '../../../src/core/ed25519.ts';

const signer = createSigner(new Uint8Array(32).fill(3));

function checksOf(count: number): SignatureCheck[] {
  return Array.from({ length: count }, (_, index) => {
    const message = new Uint8Array(index).fill(index);
    return { publicKey: signer.publicKey, message, signature: signer.sign(message) };
  });
}

describe('verify batches', () => {
  it('packs and unpacks checks, admission flag included', () => {
    const items = checksOf(5).map((check, index) => ({ check, admitted: index % 2 === 0 }));
    expect(unpackBatch(packBatch(items))).toEqual(items);
    expect(unpackBatch(packBatch([]))).toEqual([]);
  });
});

describe('verify pool', () => {
  it('verifies on a worker and says which keys were admitted', async () => {
    const pool = createVerifyPool(1);
    const good = checksOf(1)[0]!;
    const items = [
      { check: good, admitted: false },
      { check: { ...good, message: new Uint8Array(9) }, admitted: true },
      { check: { ...good, publicKey: new Uint8Array(32) }, admitted: false },
    ];
    const verdicts = await new Promise<Uint8Array | null>((resolve) =>
      pool.submit({ items, onVerdicts: resolve }),
    );
    expect([...verdicts!]).toEqual([verdictBits.admitted + verdictBits.valid, verdictBits.admitted, 0]);
    await pool.close();
  });

  it('hands a batch back when its worker dies, so that the queue answers all the same', async () => {
    const pool = createVerifyPool(1);
    const queue = createVerifyQueue(pool, createKeyAdmission());
    const verdicts = checksOf(200).map(
      (check) => new Promise<boolean>((resolve) => queue.add(check, resolve)),
    );
    await Promise.resolve();
    await pool.close();
    expect(await Promise.all(verdicts)).toEqual(new Array(200).fill(true));
  });

  it('keeps the process alive while a batch is under way and lets it end when idle', async () => {
    const verifierUrl = new URL('../../../src/adapters/native/sodium-verifier.ts', import.meta.url);
    const source = `
      const { createSodiumVerifier } = await import(${JSON.stringify(verifierUrl.href)});
      const verifier = createSodiumVerifier({ workers: 1 });
      const check = { publicKey: new Uint8Array(32).fill(9), message: new Uint8Array(), signature: new Uint8Array(64) };
      verifier.verifyAll(new Array(50).fill(check)).then((verdicts) => console.log(verdicts.length));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, output: output.trim() }).toEqual({ code: 0, output: '50' });
  });
});
