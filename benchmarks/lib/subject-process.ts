/** The process of one subject: its nodes, its writer and its reader. Started by subject-client with an IPC channel. */
import { setTimeout as delay } from 'node:timers/promises';
import { createSubject, type Subject, type SubjectName, type SubjectSettings } from './subject.ts';
import {
  recordsOfTurn,
  type StartOutcome,
  type SubjectRequest,
  type SubjectResponse,
  type TurnOutcome,
  type TurnPlan,
} from './subject-calls.ts';
import { runConcurrently, runSequentially } from './workload.ts';

/** Time for what a starting node leaves running, before its memory is read. */
const settleMs = 1_000;

const subject = await createSubject(process.argv[2] as SubjectName);

process.on('disconnect', () => process.exit(1));
process.on('message', (request: SubjectRequest) => {
  answer(request).then((response) => process.send!(response));
});
process.send!({ id: 0, value: null } satisfies SubjectResponse);

async function answer({ id, call, argument }: SubjectRequest): Promise<SubjectResponse> {
  try {
    return { id, value: await perform(call, argument) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function perform(call: SubjectRequest['call'], argument: unknown): Promise<unknown> {
  switch (call) {
    case 'start':
      return start(subject, argument as SubjectSettings);
    case 'turn':
      return turn(subject, argument as TurnPlan);
    case 'stop':
      await subject.stop();
      return null;
  }
}

async function start(started: Subject, settings: SubjectSettings): Promise<StartOutcome> {
  const residentBytesBefore = residentBytes();
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  await started.start(settings);
  const startMs = performance.now() - beganMs;
  const cpu = process.cpuUsage(cpuBefore);
  await delay(settleMs);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  return { startMs, cpuSeconds, residentBytesBefore, residentBytesAfter: residentBytes() };
}

async function turn(running: Subject, plan: TurnPlan): Promise<TurnOutcome> {
  await running.prepare(plan.firstRecord, recordsOfTurn(plan));
  const put = (record: number): Promise<void> => running.put(record);
  const get = (record: number): Promise<void> => running.get(record);
  const firstConcurrent = plan.firstRecord + plan.sequential.operationsMax;

  globalThis.gc?.();
  const puts = await runSequentially(
    put,
    range(plan.firstRecord, plan.sequential.operationsMax),
    plan.sequential,
  );
  const gets = await runSequentially(get, puts.done, plan.sequential);
  if (plan.concurrent === null) return { put: puts, get: gets, concurrentPut: null, concurrentGet: null };
  globalThis.gc?.();
  const records = range(firstConcurrent, plan.concurrent.operationsMax);
  const concurrentPut = await runConcurrently(put, records, plan.inFlight, plan.concurrent);
  const concurrentGet = await runConcurrently(get, concurrentPut.done, plan.inFlight, plan.concurrent);
  return { put: puts, get: gets, concurrentPut, concurrentGet };
}

function range(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
