/** One test per sentence of §1 about agent ids, key events and authority. Signatures are real and verified. */
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { bytesToHex, concatBytes, utf8ToBytes } from '../../../src/core/bytes.ts';
import { encodeCanonical } from '../../../src/core/cbor.ts';
import { verifyAdmitted } from '../../../src/core/ed25519.ts';
import { isProtocolError, type ProtocolErrorCode } from '../../../src/core/errors.ts';
import {
  agentIdFromKey,
  agentKey,
  formatAgentDid,
  formatAgentId,
  parseAgentId,
} from '../../../src/core/identity/agent-id.ts';
import { inceptionAgentId, keyEventCheck } from '../../../src/core/identity/key-event.ts';
import {
  decodeKeyEvent,
  keyEventBodyValue,
  readKeyEvent,
} from '../../../src/core/identity/key-event-codec.ts';
import { createInception, createRotation, createTombstone } from '../../../src/core/identity/key-events.ts';
import { reasonCodes } from '../../../src/core/identity/reason-code.ts';
import { createController, signerNamed, startSeconds } from './fixtures.ts';

const owner = createController('owner');

function codeOf(action: () => unknown): ProtocolErrorCode | 'no error' {
  try {
    action();
    return 'no error';
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
}

describe('agent identifier (§1)', () => {
  it('§1: the agent id is the hash of the inception body under "weft/kel/1", 32 bytes', () => {
    const body = encodeCanonical(keyEventBodyValue(owner.inception.body));
    expect(owner.agentId).toEqual(sha256(concatBytes(utf8ToBytes('weft/kel/1'), body)));
    expect(owner.agentId.length).toBe(32);
  });

  it('§1: its text is "nanda:" and 52 characters of base32, and as a DID "did:nanda:" and the same', () => {
    const text = formatAgentId(owner.agentId);
    expect(text).toMatch(/^nanda:[a-z2-7]{52}$/);
    expect(formatAgentDid(owner.agentId)).toBe(`did:${text}`);
  });

  it('§1: both texts and the bare 52 characters parse back to it', () => {
    const text = formatAgentId(owner.agentId);
    for (const form of [text, `did:${text}`, text.slice('nanda:'.length)]) {
      expect(parseAgentId(form)).toEqual(owner.agentId);
    }
    expect(agentIdFromKey(agentKey(owner.agentId))).toEqual(owner.agentId);
  });

  it('refuses any other text as an agent id', () => {
    const text = formatAgentId(owner.agentId);
    const others = ['', 'nanda:', text.toUpperCase(), `${text}a`, text.slice(0, -1), `x${text}`, ` ${text}`];
    const paddingBits = `${text.slice(0, -1)}b`;
    for (const form of [...others, paddingBits, text.replace(/.$/, '1')]) {
      expect(codeOf(() => parseAgentId(form))).toBe('bad-argument');
    }
    expect(codeOf(() => agentIdFromKey('ab'))).toBe('bad-argument');
  });

  it('§1: keys rotate and the id stays', () => {
    const rotation = owner.rotate(owner.stateOf(), '0', '1');
    const state = owner.stateOf(rotation);
    expect(state.agentId).toEqual(owner.agentId);
    expect(state.signingKey).toEqual(owner.key('sign 1').publicKey);
  });
});

describe('key events (§1)', () => {
  const active = owner.stateOf();
  const rotation = owner.rotate(active, '0', '1');
  const recovery = owner.recover(owner.stateOf(rotation), '0', '2');
  const tombstone = owner.end(owner.stateOf(rotation), 'rotate 1');
  const events = { icp: owner.inception, rot: rotation, rec: recovery, tomb: tombstone };

  it('§1: icp is signed by the signing key, rot, rec and tomb by the key that they reveal', () => {
    const signers = {
      icp: owner.key('sign 0'),
      rot: owner.key('rotate 0'),
      rec: owner.key('recover 0'),
      tomb: owner.key('rotate 1'),
    };
    for (const type of ['icp', 'rot', 'rec', 'tomb'] as const) {
      const check = keyEventCheck(events[type]);
      expect(check.publicKey).toEqual(signers[type].publicKey);
      expect(verifyAdmitted(check)).toBe(true);
    }
  });

  it('§0: the digest of an event is H("weft/kev/1" ‖ dCBOR(body)), signature excluded', () => {
    for (const event of Object.values(events)) {
      const body = encodeCanonical(keyEventBodyValue(event.body));
      expect(event.digest).toEqual(sha256(concatBytes(utf8ToBytes('weft/kev/1'), body)));
      expect(event.key).toBe(bytesToHex(event.digest));
      const resigned = readKeyEvent([keyEventBodyValue(event.body), new Uint8Array(64)]);
      expect(resigned.digest).toEqual(event.digest);
    }
  });

  it('§1: the sizes are about those of the table, and at most 384 bytes', () => {
    const sizes = Object.fromEntries(
      Object.entries(events).map(([type, event]) => [type, event.bytes.length]),
    );
    expect(sizes).toEqual({ icp: 194, rot: 212, rec: 246, tomb: 145 });
    for (const size of Object.values(sizes)) expect(size).toBeLessThanOrEqual(384);
  });

  it('§0: a decoded event encodes to the same bytes', () => {
    for (const event of Object.values(events)) {
      expect(decodeKeyEvent(event.bytes)).toEqual(event);
    }
  });

  it('§1: reason codes are the six of RFC 5280, by name', () => {
    expect(reasonCodes).toEqual([
      'unspecified',
      'keyCompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'privilegeWithdrawn',
    ]);
    for (const reason of reasonCodes) {
      const event = owner.end(active, 'rotate 0', reason);
      expect(decodeKeyEvent(event.bytes).body).toMatchObject({ type: 'tomb', reason });
    }
  });

  it('§1: no n is a non-transferable agent: it cannot rotate', () => {
    const ephemeral = createController('ephemeral', { rotates: false });
    const state = ephemeral.stateOf();
    expect(state.rotationDigest).toBeNull();
    expect(codeOf(() => ephemeral.rotate(state, '0', '1'))).toBe('bad-key');
    const forced = createRotation({
      state: { ...state, rotationDigest: sha256(signerNamed('any').publicKey) },
      rotationSigner: signerNamed('any'),
      signingKey: signerNamed('thief').publicKey,
      nextRotationKey: signerNamed('thief next').publicKey,
      issuedAt: startSeconds,
    });
    expect(ephemeral.stateOf(forced).head).toBe(ephemeral.inception);
  });

  it('§1: a signing key signs no key event after icp: neither a rotation nor a tombstone nor a recovery', () => {
    const signer = owner.key('sign 0');
    const asIf = {
      ...active,
      rotationDigest: sha256(signer.publicKey),
      recoveryDigest: sha256(signer.publicKey),
    };
    const stolen = [
      createTombstone({ state: asIf, signer, reason: 'unspecified', issuedAt: startSeconds }),
      createRotation({
        state: asIf,
        rotationSigner: signer,
        signingKey: signerNamed('thief').publicKey,
        nextRotationKey: signerNamed('thief next').publicKey,
        issuedAt: startSeconds,
      }),
    ];
    expect(owner.stateOf(...stolen)).toEqual(active);
    expect(codeOf(() => createTombstone({ state: active, signer, reason: 'unspecified', issuedAt: 1 }))).toBe(
      'bad-key',
    );
  });

  it('§1: a rotation key is used once: a spent one can neither change nor fork the log', () => {
    const state = owner.stateOf(rotation);
    const asIf = { ...state, rotationDigest: active.rotationDigest };
    const spent = owner.rotate(asIf, '0', 'thief');
    expect(owner.stateOf(rotation, spent)).toEqual(state);
    const again = (): unknown =>
      createRotation({
        state: active,
        rotationSigner: owner.key('rotate 0'),
        signingKey: owner.key('sign 1').publicKey,
        nextRotationKey: owner.key('rotate 0').publicKey,
        issuedAt: startSeconds,
      });
    expect(codeOf(again)).toBe('bad-key-log');
  });

  it('§1: r changes only in rec: a rotation leaves it as it is', () => {
    expect(owner.stateOf(rotation).recoveryDigest).toEqual(active.recoveryDigest);
    expect(owner.stateOf(rotation, recovery).recoveryDigest).toEqual(
      sha256(owner.key('recover 2').publicKey),
    );
  });

  it('§1: rec commits to a fresh r', () => {
    const body = recovery.body;
    if (body.type !== 'rec') throw new Error('not a recovery');
    const stale = { ...body, recoveryDigest: sha256(body.recoveryKey) };
    expect(codeOf(() => readKeyEvent([keyEventBodyValue(stale), new Uint8Array(64)]))).toBe('bad-key-log');
  });

  it('§1: iat is informational and never decides validity', () => {
    for (const issuedAt of [0, 0xffff_ffff]) {
      const event = createRotation({
        state: active,
        rotationSigner: owner.key('rotate 0'),
        signingKey: owner.key('sign 1').publicKey,
        nextRotationKey: owner.key('rotate 1').publicKey,
        issuedAt,
      });
      expect(owner.stateOf(event).head.digest).toEqual(event.digest);
    }
  });

  it('§1: another event version is refused, so that new ones can carry more', () => {
    const value = keyEventBodyValue(owner.inception.body);
    expect(codeOf(() => readKeyEvent([[2, ...value.slice(1)], new Uint8Array(64)]))).toBe('wrong-version');
  });

  it('refuses to make an event with a key or nonce of another length', () => {
    const short = { signer: owner.key('sign 0'), issuedAt: startSeconds, nonce: new Uint8Array(15) };
    expect(codeOf(() => createInception(short))).toBe('wrong-shape');
    expect(codeOf(() => inceptionAgentId(rotation))).toBe('bad-key-log');
  });
});
