/** The harness's hold on one subject's process. */
import type { SubjectName, SubjectSettings } from './subject.ts';
import type { StartOutcome, TurnOutcome, TurnPlan } from './subject-calls.ts';
import { startWorker } from './worker-client.ts';

/** A running subject process. */
export interface SubjectClient {
  readonly name: SubjectName;
  start(settings: SubjectSettings): Promise<StartOutcome>;
  turn(plan: TurnPlan): Promise<TurnOutcome>;
  close(): Promise<void>;
}

/** Starts the process; resolves when the subject's libraries are loaded. */
export async function startSubjectProcess(name: SubjectName): Promise<SubjectClient> {
  const entry = new URL('./subject-process.ts', import.meta.url);
  const worker = await startWorker({ entry, name, args: [name] });
  return {
    name,
    start: (settings) => worker.call('start', settings) as Promise<StartOutcome>,
    turn: (plan) => worker.call('turn', plan) as Promise<TurnOutcome>,
    close: worker.close,
  };
}
