/** X25519 (RFC 7748): what a question is sealed by. */
export interface KeyAgreement {
  /** Of a secret of 32 bytes. */
  publicKey(secret: Uint8Array): Uint8Array;
  /** The 32 bytes that both sides share; null for a public key with which there is nothing to share. */
  agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | null;
}
