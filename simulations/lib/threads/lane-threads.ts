/** The threads of a divided network, asked as if they were functions: the thread of the run waits for each answer. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { WorldSettings } from '../world.ts';
import { createSharedMemory } from './exchange.ts';
import type { LaneAnswers, LaneCommand, LaneReport } from './lane-protocol.ts';
import type { LaneThreadData } from './lane-thread.ts';

type CommandOf<Type> = (lane: number) => Extract<LaneCommand, { readonly type: Type }>;

export interface LaneThreads {
  /** All lanes at once; they do it behind what they were told before. */
  tell<Type extends LaneCommand['type']>(commandOf: CommandOf<Type>): void;
  /**
   * Waits for the answers to the first command that was told and not answered; in the order of the lanes.
   * @throws Error when a lane has failed.
   */
  hear<Type extends LaneCommand['type']>(): LaneAnswers[Type][];
  /** Both, where no answer is due. */
  ask<Type extends LaneCommand['type']>(commandOf: CommandOf<Type>): LaneAnswers[Type][];
  close(): Promise<void>;
}

const threadUrl = new URL('./lane-thread.ts', import.meta.url);
const waitMs = 1000;
/** A thread that neither answers nor takes a step for so long is gone: no memory was left for it, say. */
const lostAfterMs = 300_000;

export function createLaneThreads(settings: WorldSettings, lanes: number): LaneThreads {
  const memory = createSharedMemory(lanes);
  const shared = new SharedArrayBuffer(4 * lanes);
  const answers = new Int32Array(shared);
  const steps = new Int32Array(memory.control);
  let heard = 0;
  const threads = Array.from({ length: lanes }, (_, index) => {
    const { port1: port, port2 } = new MessageChannel();
    const data: LaneThreadData = { settings, index, lanes, memory, answers: shared, port: port2 };
    const worker = new Worker(threadUrl, { workerData: data, transferList: [port2] });
    worker.unref();
    return { worker, port };
  });

  function waitFor(lane: number): void {
    let stepsBefore = -1;
    let idleMs = 0;
    for (;;) {
      const answered = Atomics.load(answers, lane);
      if (answered > heard) return;
      if (Atomics.wait(answers, lane, answered, waitMs) !== 'timed-out') continue;
      const stepsNow = steps.reduce((sum, count) => sum + count, 0);
      idleMs = stepsNow === stepsBefore ? idleMs + waitMs : 0;
      stepsBefore = stepsNow;
      if (idleMs >= lostAfterMs) throw new Error('a thread of the run is gone: is there memory enough?');
    }
  }

  function answerOf(port: MessagePort): LaneAnswers[keyof LaneAnswers] {
    const { message } = receiveMessageOnPort(port)! as { message: LaneReport };
    if ('error' in message) throw new Error(`a thread of the run failed: ${message.error}`);
    return message.answer;
  }

  function tell<Type extends LaneCommand['type']>(commandOf: CommandOf<Type>): void {
    for (const [lane, { port }] of threads.entries()) port.postMessage(commandOf(lane));
  }

  function hear<Type extends LaneCommand['type']>(): LaneAnswers[Type][] {
    for (const lane of threads.keys()) waitFor(lane);
    heard++;
    return threads.map(({ port }) => answerOf(port)) as never;
  }

  return {
    tell,
    hear,
    ask(commandOf) {
      tell(commandOf);
      return hear();
    },
    async close() {
      // One after the other: V8 does not bear it everywhere that threads end at once (nodejs/node#64500).
      for (const { worker, port } of threads) {
        port.close();
        await worker.terminate();
      }
    },
  };
}
