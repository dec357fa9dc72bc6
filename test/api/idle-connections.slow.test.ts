/** Ten thousand connections that ask for nothing, at a real daemon with the settings as they are shipped. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDaemon } from '../../src/cli/control-client.ts';
import { createTestDaemons } from '../helpers/daemons.ts';

const count = 10_000;
const opensAtOnce = 200;
const daemons = createTestDaemons();
const daemon = daemons.create('idle');
const sockets: Socket[] = [];
let url = '';

beforeAll(async () => {
  await daemon.start();
  ({ url } = findDaemon(daemon.dataDirectory));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await daemons.close();
});

function open(first: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  return new Promise((resolve) => {
    socket.once('connect', () => {
      if (first !== '') socket.write(first);
      resolve(socket);
    });
    socket.once('close', () => resolve(socket));
  });
}

async function openMany(first: string): Promise<void> {
  for (let opened = 0; opened < count; opened += opensAtOnce) {
    await Promise.all(Array.from({ length: opensAtOnce }, () => open(first)));
  }
}

async function askedFor(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

function residentMegabytes(): number {
  const { processId } = JSON.parse(readFileSync(join(daemon.dataDirectory, 'api.json'), 'utf8')) as {
    processId: number;
  };
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

describe('ten thousand idle connections', () => {
  it.each([
    ['that say nothing', ''],
    ['in the middle of their headers', 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '],
    ['that asked once', 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ])('%s keep nobody out, cost a bounded amount, and are let go', async (_, first) => {
    const before = residentMegabytes();
    await openMany(first);
    const answers: number[] = [];
    for (let round = 0; round < 20; round++) {
      const began = performance.now();
      expect((await fetch(`${url}/healthz`, { headers: { connection: 'close' } })).status).toBe(200);
      answers.push(performance.now() - began);
    }
    expect(Math.max(...answers)).toBeLessThan(5_000);
    expect(await askedFor('weft_api_connections')).toBeLessThanOrEqual(8_192);
    expect(residentMegabytes() - before).toBeLessThan(300);
    // Headers within 5 s, another request within 30 s.
    for (let seconds = 0; (await askedFor('weft_api_connections')) > 10; seconds++) {
      expect(seconds).toBeLessThan(60);
      await delay(1_000);
    }
    for (const socket of sockets.splice(0)) socket.destroy();
  });
});
