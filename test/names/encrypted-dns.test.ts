/** Resolvers behind TLS and HTTPS: whose word about DNSSEC counts, and only with a certificate that holds. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServer as createTlsServer,
  getCACertificates,
  type Server,
  setDefaultCACertificates,
} from 'node:tls';
import { decode, encode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDnsClient, type Texts } from '../../src/names/dns/dns-client.ts';
import { parseDnsServers } from '../../src/names/dns/dns-server.ts';

const hasOpenssl = existsSync('/usr/bin/openssl');
const said = 'v=nanda1; aid=x';

describe.skipIf(hasOpenssl)('encrypted resolvers', () => {
  it('are not tested here: /usr/bin/openssl is missing, which makes their certificate', () => {
    expect(hasOpenssl).toBe(false);
  });
});

describe.skipIf(!hasOpenssl)('encrypted resolvers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-dot-'));
  const sockets = new Set<Socket>();
  let identity: { readonly key: Buffer; readonly cert: Buffer };
  let dot: Server;
  let doh: HttpsServer;
  let dohSays: { status: number; type: string; body: (question: Buffer) => Buffer };

  beforeAll(async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=dns.test', '-addext', 'subjectAltName=DNS:dns.test,DNS:localhost'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    execFileSync(
      '/usr/bin/openssl',
      ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    identity = { key: readFileSync(key), cert: readFileSync(cert) };
    dot = createTlsServer(identity, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const body = answerTo(bytes.subarray(2));
        const head = Buffer.alloc(2);
        head.writeUInt16BE(body.length);
        socket.end(Buffer.concat([head, body]));
      });
    });
    doh = createHttpsServer(identity, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(dohSays.status, { 'content-type': dohSays.type, connection: 'close' });
        response.end(dohSays.body(Buffer.concat(chunks)));
      });
    });
    for (const server of [dot, doh]) {
      server.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
      });
      server.on('tlsClientError', () => undefined);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
  }, 30_000);

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of [dot, doh]) {
      server.close();
      await once(server, 'close');
    }
    rmSync(folder, { recursive: true });
  });

  function answerTo(bytes: Buffer): Buffer {
    const question = decode(bytes);
    const [{ name } = { name: '' }] = question.questions ?? [];
    const answers = [{ type: 'TXT', name, ttl: 60, data: [said] }];
    // QR, RD, RA, AD.
    return encode({ ...question, type: 'response', flags: 0x01a0, additionals: [], answers } as never);
  }

  const portOf = (server: Server | HttpsServer): number => (server.address() as AddressInfo).port;
  const dotSetting = (name: string): string => `tls://127.0.0.1:${portOf(dot)}#${name}`;
  const dohSetting = (): string => `https://localhost:${portOf(doh)}/dns-query`;
  const ask = (setting: string): Promise<Texts> =>
    createDnsClient({
      servers: () => parseDnsServers(setting),
      nowSeconds: () => 0,
      timeoutMs: 20_000,
    }).texts('_nanda.example.com');

  it('are refused while nobody vouches for their certificate', async () => {
    dohSays = { status: 200, type: 'application/dns-message', body: answerTo };
    await expect(ask(dotSetting('dns.test'))).rejects.toMatchObject({ code: 'dns-failed' });
    await expect(ask(dohSetting())).rejects.toMatchObject({ code: 'dns-failed' });
  });

  describe('with a certificate that holds', () => {
    beforeAll(() => setDefaultCACertificates([...getCACertificates('default'), identity.cert.toString()]));

    it('over TLS: its word about DNSSEC counts; under another name it is refused', async () => {
      expect(await ask(dotSetting('dns.test'))).toMatchObject({ texts: [said], isAuthentic: true });
      await expect(ask(dotSetting('other.test'))).rejects.toMatchObject({ code: 'dns-failed' });
    });

    it('over HTTPS: the same', async () => {
      dohSays = { status: 200, type: 'application/dns-message', body: answerTo };
      expect(await ask(dohSetting())).toMatchObject({ texts: [said], isAuthentic: true });
    });

    it.each([
      ['an error', { status: 500, type: 'application/dns-message', body: answerTo }],
      ['a page', { status: 200, type: 'text/html', body: () => Buffer.from('<html>') }],
      ['too much', { status: 200, type: 'application/dns-message', body: () => Buffer.alloc(20_000) }],
      ['a redirect', { status: 302, type: 'application/dns-message', body: answerTo }],
    ])('over HTTPS refuses %s', async (_, answer) => {
      dohSays = answer;
      await expect(ask(dohSetting())).rejects.toMatchObject({ code: 'dns-failed' });
    });
  });
});
