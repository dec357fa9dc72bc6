/** The process of one subject: its nodes, its writer and its reader. Started by subject-client with an IPC channel. */
import { waitForCalm } from './calm.ts';
import { createSubject, type SubjectName, type SubjectSettings } from './subject.ts';
import { recordsOfTurn, type StartOutcome, type TurnOutcome, type TurnPlan } from './subject-calls.ts';
import { residentBytes, serveCalls } from './worker-calls.ts';
import { runConcurrently, runSequentially } from './workload.ts';

const subject = await createSubject(process.argv[2] as SubjectName);

serveCalls({ start, turn, stop: () => subject.stop() });

async function start(settings: SubjectSettings): Promise<StartOutcome> {
  const residentBytesBefore = residentBytes();
  const cpuBefore = process.cpuUsage();
  const beganMs = performance.now();
  await subject.start(settings);
  const startMs = performance.now() - beganMs;
  const cpu = process.cpuUsage(cpuBefore);
  await waitForCalm();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  return { startMs, cpuSeconds, residentBytesBefore, residentBytesAfter: residentBytes() };
}

async function turn(plan: TurnPlan): Promise<TurnOutcome> {
  await subject.prepare(plan.firstRecord, recordsOfTurn(plan));
  const put = (record: number): Promise<void> => subject.put(record);
  const get = (record: number): Promise<void> => subject.get(record);
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
