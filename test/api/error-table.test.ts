import { describe, expect, it } from 'vitest';
import { HostError, type HostErrorCode } from '../../src/adapters/libp2p/host-types.ts';
import { problemOf } from '../../src/api/api-error.ts';
import { errorTable, exitCodes, lookUpError } from '../../src/api/error-table.ts';
import { createApi } from '../../src/api/server.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { ProtocolError } from '../../src/core/errors.ts';
import { NodeError } from '../../src/node/node-types.ts';
import { KeystoreError, type KeystoreErrorCode } from '../../src/ports/keystore.ts';
import { OverlayError, type RequestFailure } from '../../src/ports/overlay.ts';
import { StoreError, type StoreErrorCode } from '../../src/ports/store.ts';
import { createRecordedNode } from './recorded-node.ts';

describe('the error table', () => {
  it('gives each code a status, an exit code that says failure, and advice', () => {
    for (const [family, rows] of Object.entries(errorTable)) {
      for (const [code, row] of Object.entries(rows)) {
        const place = `${family} ${code}`;
        expect(row.status, place).toBeGreaterThanOrEqual(400);
        expect(row.status, place).toBeLessThan(600);
        expect(row.exitCode, place).not.toBe(exitCodes.ok);
        expect(row.hint, place).toMatch(/^.{10,}[^.]$/);
      }
    }
  });

  it('knows every code of the ports, whose types the API may not import', () => {
    const store: Record<StoreErrorCode, true> = {
      'disk-full': true,
      closed: true,
      'write-failed': true,
      locked: true,
      'wrong-schema': true,
      'open-failed': true,
    };
    const overlay: Record<RequestFailure, true> = {
      unreachable: true,
      timeout: true,
      closed: true,
      busy: true,
      unsupported: true,
      'too-large': true,
    };
    const host: Record<HostErrorCode, true> = {
      'bad-option': true,
      'listen-failed': true,
      'dial-failed': true,
    };
    const keystore: Record<KeystoreErrorCode, true> = {
      'wrong-passphrase': true,
      'no-passphrase': true,
      'not-encrypted': true,
      damaged: true,
      'wrong-version': true,
      'readable-by-others': true,
      'not-found': true,
      'already-there': true,
      unreadable: true,
      'write-failed': true,
    };
    const families = { StoreError: store, OverlayError: overlay, HostError: host, KeystoreError: keystore };
    for (const [family, codes] of Object.entries(families)) {
      expect(Object.keys(errorTable[family]!).sort()).toEqual(Object.keys(codes).sort());
    }
  });

  it.each<[Error, number, string]>([
    [
      new ProtocolError('bad-signature', 'the signature does not hold', { slot: 1 }),
      422,
      'urn:weft:problem:protocol:bad-signature',
    ],
    [new ProtocolError('tombstoned', 'it has ended'), 410, 'urn:weft:problem:protocol:tombstoned'],
    [new NodeError('not-custodial', 'not here'), 404, 'urn:weft:problem:node:not-custodial'],
    [new StoreError('disk-full', 'no space'), 507, 'urn:weft:problem:store:disk-full'],
    [new OverlayError('timeout', 'too slow'), 504, 'urn:weft:problem:overlay:timeout'],
    [new KeystoreError('wrong-passphrase', 'no'), 403, 'urn:weft:problem:keystore:wrong-passphrase'],
    [new HostError('listen-failed', 'in use'), 500, 'urn:weft:problem:host:listen-failed'],
    [new ConfigError('bad-value', 'a.b', 'wrong'), 500, 'urn:weft:problem:config:bad-value'],
  ])('makes a problem of %s', (error, status, type) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ status, type, detail: error.message });
    expect(problem.data).toEqual(problem.code === 'bad-signature' ? { slot: 1 } : undefined);
  });

  it('keeps what nobody planned to itself', () => {
    for (const error of [
      new Error('password=1'),
      new TypeError('x'),
      'text',
      null,
      Object.assign(new Error('a'), { code: 'EACCES' }),
    ]) {
      expect(problemOf(error)).toMatchObject({
        status: 500,
        code: 'internal',
        detail: 'an unexpected failure',
      });
    }
    const impostor = Object.assign(new Error('x'), { name: 'constructor', code: 'name' });
    expect(lookUpError(impostor)).toBeNull();
    expect(lookUpError(Object.assign(new Error('x'), { name: 'StoreError', code: 'toString' }))).toBeNull();
  });

  it('is what callers of the API see, and only defects are reported', async () => {
    const defects: string[] = [];
    const node = createRecordedNode();
    const onDefect = (error: unknown, route: string): number =>
      defects.push(`${route}: ${(error as Error).message}`);
    const api = createApi(node, {
      host: '127.0.0.1',
      port: 0,
      remote: false,
      token: 't',
      connectionsMax: 1,
      onDefect,
    });
    const call = async (failure: Error) => {
      node.failure = failure;
      const response = await api.inject({
        url: '/v1/status',
        headers: { authorization: 'Bearer t', host: 'localhost' },
      });
      return response.json() as { status: number; detail: string; data?: object };
    };
    const expected = new ProtocolError('over-quota', 'slow down', { perSecond: 3 });
    expect(await call(expected)).toMatchObject({ status: 429, detail: 'slow down', data: { perSecond: 3 } });
    expect(defects).toEqual([]);
    expect((await call(new Error('null dereference'))).detail).toBe('an unexpected failure');
    expect(defects).toEqual(['GET /v1/status: null dereference']);
  });
});
