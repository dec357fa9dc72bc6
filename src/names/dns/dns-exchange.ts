/**
 * One question to one resolver and its answer, as bytes: over TCP, TLS (RFC 7858) or HTTPS (RFC 8484), never UDP, whose
 * answers strangers can forge and whose size is small. Bounded in bytes and time.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent, request } from 'undici';
import { NamesError } from '../names-error.ts';
import type { DnsServer } from './dns-server.ts';

/** More than any zone needs to say whose it is, with its signatures. */
export const answerBytesMax = 16 * 1024;
const messageType = 'application/dns-message';

/** @throws NamesError `dns-failed`, `dns-too-slow` */
export async function exchange(
  server: DnsServer,
  question: Uint8Array,
  timeoutMs: number,
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(timeoutMs);
  return server.kind === 'https' ? overHttps(server, question, signal) : overStream(server, question, signal);
}

function overStream(server: DnsServer, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const { host, port, name } = server;
    const socket: Socket =
      server.kind === 'tls'
        ? connectTls({ host, port, servername: name!, minVersion: 'TLSv1.2', ALPNProtocols: ['dot'] })
        : connectTcp({ host, port });
    const chunks: Uint8Array[] = [];
    let length = 0;
    const end = (result: Uint8Array | NamesError): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (result instanceof NamesError) reject(result);
      else resolve(result);
    };
    const onAbort = (): void => end(new NamesError('dns-too-slow', `the resolver ${host} takes too long`));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Uint8Array) => {
      chunks.push(chunk);
      length += chunk.length;
      const bytes = Buffer.concat(chunks);
      const wanted = bytes.length < 2 ? null : bytes.readUInt16BE(0);
      if (wanted !== null && wanted > answerBytesMax) end(tooLarge(host, wanted));
      else if (wanted !== null && length >= wanted + 2) end(bytes.subarray(2, 2 + wanted));
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(unreachable(host, error.code ?? error.message)),
    );
    socket.once('close', () => end(unreachable(host, 'closed')));
    const head = Buffer.alloc(2);
    head.writeUInt16BE(question.length);
    // As one piece: some servers want length and question together.
    socket.write(Buffer.concat([head, question]));
  });
}

async function overHttps(
  { host, name }: DnsServer,
  question: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const agent = new Agent({ pipelining: 0 });
  try {
    const answer = await request(name!, {
      dispatcher: agent,
      method: 'POST',
      headers: { accept: messageType, 'content-type': messageType },
      body: question,
      signal,
    });
    answer.body.on('error', () => undefined);
    const type = String(answer.headers['content-type'] ?? '')
      .split(';')[0]!
      .trim();
    if (answer.statusCode !== 200 || type !== messageType) {
      answer.body.destroy();
      throw unreachable(host, `HTTP ${answer.statusCode}`);
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > answerBytesMax) throw tooLarge(host, length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof NamesError) throw error;
    if (signal.aborted) throw new NamesError('dns-too-slow', `the resolver ${host} takes too long`);
    throw unreachable(host, (error as NodeJS.ErrnoException).code ?? (error as Error).message);
  } finally {
    await agent.destroy();
  }
}

function unreachable(host: string, reason: string): NamesError {
  return new NamesError('dns-failed', `the resolver ${host} does not answer (${reason})`, { host, reason });
}

function tooLarge(host: string, length: number): NamesError {
  return new NamesError('dns-failed', `an answer of ${length} bytes, at most ${answerBytesMax} are taken`, {
    host,
    length,
  });
}
