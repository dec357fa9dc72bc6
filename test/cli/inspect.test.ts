import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { authorityOfBundle, inspect } from '../../src/cli/inspect/inspect.ts';
import { type Structure, structures } from '../../src/cli/inspect/structure.ts';
import { packageRoot } from '../../src/config/package-root.ts';
import { delegateAgent } from '../../src/core/author/grant.ts';
import { rotateAgent } from '../../src/core/author/rekey.ts';
import { updateAgent } from '../../src/core/author/update.ts';
import { controllerOf } from '../../src/core/author/writer.ts';
import { bytesToHex, hexToBytes, toBase32 } from '../../src/core/bytes.ts';
import { createSigner } from '../../src/core/ed25519.ts';
import { encodeAnnouncements } from '../../src/core/gossip/announcement.ts';
import { formatAgentId, parseAgentId } from '../../src/core/identity/agent-id.ts';
import { encodeState } from '../../src/core/record/agent-state.ts';
import { sampleState } from '../api/recorded-node.ts';

const nowSeconds = 1_790_000_000;
const state = sampleState(nowSeconds);
const key = (fill: number) => createSigner(new Uint8Array(32).fill(fill));
const updated = updateAgent({
  state,
  writer: controllerOf(state.keyState, key(1)),
  changes: { adaptive: 'https://b.example/r' },
  nowSeconds: nowSeconds + 5,
}).state;
const delegated = delegateAgent({
  state: updated,
  signer: key(1),
  audience: key(9).publicKey,
  rights: 1,
  fieldMask: 4,
  notBefore: nowSeconds,
  expiresAt: nowSeconds + 3600,
  nonce: new Uint8Array(8),
  nowSeconds: nowSeconds + 6,
}).state;
const rotated = rotateAgent({
  state: delegated,
  rotationSigner: key(2),
  signer: key(4),
  nextRotationKey: key(5).publicKey,
  nowSeconds: nowSeconds + 10,
});
const bundle = encodeState(delegated);
const later = nowSeconds + 20;

/** Changes one bit of the last signature of a structure. */
function tampered(bytes: Uint8Array, offset = bytes.length - 10): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset]! ^= 1;
  return copy;
}

describe('inspect', () => {
  it('recognises each structure, says what it is of, and checks it by the agent’s bundle', () => {
    const parts: readonly (readonly [Structure, Uint8Array, string])[] = [
      ['agent-addr', delegated.addr!.bytes, 'AgentAddr (controller)'],
      ['key-event', delegated.keyState.head.bytes, 'key event 0 (icp)'],
      ['operation', delegated.operations[0]!.bytes, 'operation 1 on adaptive (controller)'],
      ['delegation', delegated.delegations[0]!.bytes, 'delegation (delegate 1)'],
    ];
    for (const [structure, bytes, of] of parts) {
      const found = inspect(bytes, { authority: authorityOfBundle(bundle), nowSeconds: later });
      expect(found).toMatchObject({
        structure,
        valid: true,
        problem: null,
        form: 'binary',
        sizeBytes: bytes.length,
      });
      expect(found.signatures).toEqual([{ of, by: bytesToHex(key(1).publicKey), holds: true }]);
      const broken = inspect(tampered(bytes), { authority: authorityOfBundle(bundle), nowSeconds: later });
      expect(broken).toMatchObject({ structure, valid: false, problem: { code: 'bad-signature' } });
    }
  });

  it('checks a bundle and an announcement by themselves', () => {
    const found = inspect(bundle, { nowSeconds: later });
    expect(found).toMatchObject({ structure: 'bundle', valid: true, agentId: formatAgentId(state.agentId) });
    expect(found.signatures.map(({ of, holds }) => [of, holds])).toEqual([
      ['key event 0 (icp)', true],
      ['AgentAddr (controller)', true],
      ['delegation (delegate 1)', true],
      ['operation 1 on adaptive (controller)', true],
    ]);
    const [announcement] = encodeAnnouncements(rotated);
    expect(inspect(announcement!, { nowSeconds: later })).toMatchObject({
      structure: 'announcement',
      valid: true,
    });
    expect(inspect(encodeState(rotated), { nowSeconds: later }).signatures).toHaveLength(3);
  });

  it('says what would be wrong with a bundle now, and still shows it', () => {
    const expired = inspect(bundle, { nowSeconds: nowSeconds + 400 * 86_400 });
    expect(expired).toMatchObject({ valid: false, problem: { code: 'expired' } });
    expect(expired.content).not.toBeNull();
    expect(inspect(bundle, { nowSeconds: nowSeconds - 1000 }).problem?.code).toBe('from-the-future');
    const afterwards = { authority: authorityOfBundle(encodeState(rotated)), nowSeconds: later };
    expect(inspect(delegated.delegations[0]!.bytes, afterwards).problem?.code).toBe('wrong-establishment');
  });

  it('leaves open what cannot be told without the key log', () => {
    const found = inspect(delegated.addr!.bytes, { nowSeconds: later });
    expect(found).toMatchObject({ valid: true, signatures: [{ holds: null, by: null }] });
  });

  it('reads every text form, whatever the line breaks', () => {
    const wrapped = (text: string): string => text.replace(/(.{40})/g, '$1\n');
    const base64 = Buffer.from(bundle).toString('base64');
    const texts: readonly (readonly [string, string])[] = [
      ['hex', wrapped(bytesToHex(bundle))],
      ['hex', bytesToHex(bundle).toUpperCase()],
      ['base32', wrapped(toBase32(bundle))],
      ['base64', wrapped(base64)],
      ['base64', Buffer.from(bundle).toString('base64url')],
    ];
    for (const [form, text] of texts) {
      expect(inspect(Buffer.from(text), { nowSeconds: later })).toMatchObject({
        form,
        structure: 'bundle',
        valid: true,
      });
    }
  });

  it.each(['', 'hello world', '00', 'nanda:abc', '\u00ff'])(
    'has a word for what is nothing of ours: %j',
    (text) => {
      expect(inspect(Buffer.from(text), { nowSeconds }).valid).toBe(false);
    },
  );
});

interface VectorFile {
  readonly rule: string;
  readonly agentId?: string;
  readonly establishment?: string;
  readonly signingKey?: string;
  /** When its cases are looked at; left out: the time of this test. */
  readonly nowSeconds?: number;
  readonly cases: readonly { readonly name: string; readonly bytes?: string; readonly code?: string }[];
}

function vectorFiles(kind: 'valid' | 'invalid'): readonly (readonly [string, VectorFile])[] {
  return globSync(`test/vectors/${kind}/**/*.json`, { cwd: packageRoot() })
    .sort()
    .map((path) => [path, JSON.parse(readFileSync(join(packageRoot(), path), 'utf8')) as VectorFile]);
}

/** The keys that a file of vectors stands under. */
function authorityOfFile({ agentId, establishment, signingKey }: VectorFile) {
  if (agentId === undefined || establishment === undefined || signingKey === undefined) return {};
  const keys = {
    establishment: hexToBytes(establishment),
    signingKey: hexToBytes(signingKey),
    delegations: [],
  };
  return { authority: { agentId: parseAgentId(agentId), ...keys } };
}

describe('inspect of the vectors', () => {
  it.each(vectorFiles('valid'))('finds nothing wrong in the form of %s', (_path, file) => {
    const { rule, cases } = file;
    for (const { name, bytes } of cases) {
      // Messages and other parts stand in no file of their own.
      if (bytes === undefined || !(structures as readonly string[]).includes(rule)) continue;
      const found = inspect(Buffer.from(bytes), {
        ...authorityOfFile(file),
        nowSeconds: file.nowSeconds ?? nowSeconds,
      });
      expect(found.structure, name).toBe(rule);
      expect(found.content, name).not.toBeNull();
    }
  });

  it.each(vectorFiles('invalid'))('names what is wrong in %s', (_path, file) => {
    const { rule, cases } = file;
    for (const { name, bytes, code } of cases) {
      if (bytes === undefined || code === undefined || !(structures as readonly string[]).includes(rule))
        continue;
      const found = inspect(hexToBytes(bytes), {
        as: rule as Structure,
        ...authorityOfFile(file),
        nowSeconds: file.nowSeconds ?? nowSeconds,
      });
      expect(found.problem?.code ?? 'nothing', name).toBe(code);
      expect(() => inspect(hexToBytes(bytes), { nowSeconds }), name).not.toThrow();
    }
  });
});
