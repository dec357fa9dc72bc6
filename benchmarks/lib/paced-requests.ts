/**
 * Requests to an HTTP server at a constant rate over a few kept connections. Each has the time at which it is due, whether
 * or not the ones before it are answered, and its latency counts from then: a server that stalls is charged for
 * everything that waited meanwhile (no coordinated omission).
 */
import { connect, type Socket } from 'node:net';

export interface PacedPlan {
  readonly host: string;
  readonly port: number;
  /** Asked for in turn. */
  readonly paths: readonly string[];
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

export interface PacedOutcome {
  /** From when a request was due until the last byte of its answer. */
  readonly latenciesMs: Float64Array;
  /** Answers other than a 200, and requests without one. */
  readonly failed: number;
}

const tickMs = 1;
/** What is not answered this long after the last was sent has failed. */
const waitMsMax = 10_000;

/** Sends them; resolves when all are answered, or have failed. */
export async function sendPaced(plan: PacedPlan): Promise<PacedOutcome> {
  const count = Math.round(plan.requestsPerSecond * plan.seconds);
  const latenciesMs = new Float64Array(count);
  const waiting: { readonly path: string; readonly dueMs: number }[] = [];
  const lines = await Promise.all(
    Array.from({ length: plan.connections }, () => openLine(plan.host, plan.port)),
  );
  const free = [...lines];
  let sent = 0;
  let answered = 0;
  let failed = 0;

  return new Promise((resolve) => {
    const beganMs = performance.now() + 50;
    const deadlineMs = beganMs + plan.seconds * 1000 + waitMsMax;

    const finish = (): void => {
      clearInterval(timer);
      for (const line of lines) line.close();
      const missing = count - answered;
      resolve({ latenciesMs: latenciesMs.subarray(0, answered - failed), failed: failed + missing });
    };
    const pump = (): void => {
      while (waiting.length > 0 && free.length > 0) {
        const { path, dueMs } = waiting.shift()!;
        // In turn: one that is never used would be closed by the server before a stall needs it.
        const line = free.shift()!;
        line.ask(path, (status) => {
          answered++;
          if (status === 200) latenciesMs[answered - failed - 1] = performance.now() - dueMs;
          else failed++;
          free.push(line);
          if (answered === count) finish();
          else pump();
        });
      }
    };
    const timer = setInterval(() => {
      const nowMs = performance.now();
      for (; sent < count; sent++) {
        const dueMs = beganMs + (sent * 1000) / plan.requestsPerSecond;
        if (dueMs > nowMs) break;
        waiting.push({ path: plan.paths[sent % plan.paths.length]!, dueMs });
      }
      pump();
      if (nowMs > deadlineMs) finish();
    }, tickMs);
  });
}

interface Line {
  ask(path: string, onAnswer: (status: number) => void): void;
  close(): void;
}

/** One connection with one request at a time. A connection that ends answers with status 0, and is then of no more use. */
async function openLine(host: string, port: number): Promise<Line> {
  const socket = connect(port, host);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let onAnswer: ((status: number) => void) | null = null;
  const settle = (status: number): void => {
    const settled = onAnswer;
    onAnswer = null;
    settled?.(status);
  };
  readAnswers(socket, settle);
  socket.on('error', () => {});
  socket.on('close', () => settle(0));
  return {
    ask(path, answer) {
      onAnswer = answer;
      if (socket.destroyed) settle(0);
      else socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
    },
    close: () => socket.destroy(),
  };
}

/** Answers with a Content-Length, one after the other, by their status. */
function readAnswers(socket: Socket, onAnswer: (status: number) => void): void {
  let status = 0;
  let head = '';
  let bodyBytesLeft = -1;
  socket.on('data', (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length || bodyBytesLeft === 0) {
      if (bodyBytesLeft < 0) {
        head += chunk.toString('latin1', at);
        at = chunk.length;
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        status = Number(head.slice(9, 12));
        bodyBytesLeft = Number(/^content-length: (\d+)$/im.exec(head.slice(0, end))?.[1] ?? 0);
        at -= head.length - (end + 4);
        head = '';
      }
      const taken = Math.min(bodyBytesLeft, chunk.length - at);
      at += taken;
      bodyBytesLeft -= taken;
      if (bodyBytesLeft > 0) return;
      bodyBytesLeft = -1;
      onAnswer(status);
    }
  });
}
