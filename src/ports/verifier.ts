/** Signature verification: the one rule of §1, whatever library answers. */
import type { SignatureCheck } from '../core/ed25519.ts';

export interface Verifier {
  /** For logs and metrics: `noble`, `node-crypto`, `sodium`. */
  readonly name: string;
  /** Key admission (§1): canonical, on the curve, not small order, torsion free. Cached by the implementation, bounded. */
  isAdmissibleKey(publicKey: Uint8Array): boolean;
  /** One check at once, admission included. Never throws. */
  verify(check: SignatureCheck): boolean;
  /** A batch, possibly on other threads, in the order given, admission included. Rejects only after close(). */
  verifyAll(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>;
  close(): Promise<void>;
}
