/**
 * A thread that runs one lane: does what the thread of the run tells it, one command after the other, and answers each.
 * Meanwhile it keeps step with the other lanes alone.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { createChance } from '../chance.ts';
import { createWorld, type LaneWorld, startMs, type WorldSettings } from '../world.ts';
import { divide } from './divide.ts';
import { abandon, createExchange, lagSteps, type Note, type SharedMemory } from './exchange.ts';
import { createLane } from './lane.ts';
import type {
  LaneAnswers,
  LaneCall,
  LaneCommand,
  LaneReport,
  LaneStores,
  LaneTotals,
} from './lane-protocol.ts';
import { createReporter } from './lane-reporter.ts';

export interface LaneThreadData {
  readonly settings: WorldSettings;
  readonly index: number;
  readonly lanes: number;
  readonly memory: SharedMemory;
  /** Answers so far, by lane. */
  readonly answers: SharedArrayBuffer;
  readonly port: MessagePort;
}

const { settings, index, lanes, memory, answers, port } = workerData as LaneThreadData;
const exchange = createExchange(index, lanes, memory);
const division = divide(settings.nodes, lanes, settings.network, createChance(settings.seed));
const lane = createLane(index, lanes, division, exchange);
const stepMs = lane.leadMs / lagSteps;
/** Of milliseconds since 1970. */
const roundingMs = 0.001;
const reporter = createReporter(() => world.queue.nowMs);
let world: LaneWorld;
/** That have ended, of all lanes at the same times. */
let steps = 0;

port.on('message', (command: LaneCommand) => {
  let report: LaneReport;
  try {
    report = { answer: obey(command) };
  } catch (error) {
    abandon(memory);
    report = { error: (error as Error).stack ?? String(error) };
  }
  port.postMessage(report);
  const view = new Int32Array(answers);
  Atomics.add(view, index, 1);
  Atomics.notify(view, index);
});

function obey(command: LaneCommand): LaneAnswers[keyof LaneAnswers] {
  switch (command.type) {
    case 'begin':
      world = createWorld({ ...settings, lane }, reporter);
      return null;
    case 'run':
      for (const call of command.calls) world.queue.at(call.timeMs, () => begin(call));
      run(command.untilMs);
      return reporter.take();
    case 'total':
      return total();
    case 'look':
      return command.nodes.map((node) => ({
        snapshot: world.nodes[node]!.peer.snapshot(),
        neighbours: world.neighbourCount(node),
      }));
    case 'open-stores':
      return stores();
  }
}

function begin({ callId, node, ...call }: LaneCall): void {
  const caller = world.nodes[node]!;
  if (call.type === 'publish') caller.publish(call.bundle, (result) => reporter.result(callId, result));
  else caller.resolve(call.agentId, (result) => reporter.result(callId, result), call.fresh);
}

function run(untilMs: number): void {
  for (;;) {
    const endMs = startMs + (steps + 1) * stepMs;
    if (endMs > untilMs) break;
    world.runUntil(endMs);
    exchange.step(receive);
    steps++;
  }
  world.runUntil(untilMs);
}

function receive(note: Note): void {
  if (note.timeMs < world.queue.nowMs - roundingMs)
    throw new Error(`a note of kind ${note.kind} came too late`);
  world.receive(note);
}

function total(): LaneTotals {
  const { network, requests, requestsUnderWay, gossip, signatures, events } = world;
  const { sentBytes, sentMessages, receivedMessages, messages } = network;
  return {
    ...{ sentBytes, sentMessages, receivedMessages, messages },
    ...{ requests, signatures, events },
    gossip: gossip.counts,
    counts: world.counts(),
    mostOfOnePeer: requests.map((_, node) => requestsUnderWay.mostOfOnePeer(node)),
    traceHash: world.traceHash(),
  };
}

function stores(): LaneStores {
  const keys = new Map<string, number>();
  const values = new Map<Uint8Array, number>();
  const placeIn = <Value>(places: Map<Value, number>, value: Value): number => {
    let place = places.get(value);
    if (place === undefined) {
      place = places.size;
      places.set(value, place);
    }
    return place;
  };
  const ends: number[] = [];
  const entries: number[] = [];
  for (const { store } of world.nodes.filter((node) => lane.owns(node.index))) {
    for (const [key, bytes] of store) entries.push(placeIn(keys, key), placeIn(values, bytes));
    ends.push(entries.length);
  }
  return {
    keys: [...keys.keys()],
    values: [...values.keys()],
    ends: Int32Array.from(ends),
    entries: Int32Array.from(entries),
  };
}
