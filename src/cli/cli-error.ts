/** What the command line itself has to complain about, and every error as an exit code with advice. */
import { type Problem, problemOf } from '../api/api-error.ts';
import { type ExitCode, errorTable, exitCodes, lookUpError } from '../api/error-table.ts';

export type CliErrorCode =
  | 'usage'
  | 'unreachable'
  | 'unreadable'
  | 'no-passphrase'
  | 'not-initialised'
  | 'failed';

const exitCodeByCode: Readonly<Record<CliErrorCode, ExitCode>> = {
  usage: exitCodes.usage,
  unreachable: exitCodes.unreachable,
  unreadable: exitCodes.refused,
  'no-passphrase': exitCodes.usage,
  'not-initialised': exitCodes.usage,
  failed: exitCodes.failure,
};

/** Says what is wrong and what to do. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly hint: string;

  constructor(code: CliErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CliError';
    this.code = code;
    this.hint = hint;
  }
}

/** An answer of the API that is an error. */
export class ControlError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ControlError';
    this.problem = problem;
  }
}

/** An error as the user sees it. */
export interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly exitCode: ExitCode;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Looks an error up; what nobody planned is a defect. */
export function complaintOf(error: unknown): Complaint {
  if (error instanceof CliError) {
    return {
      code: error.code,
      message: error.message,
      hint: error.hint,
      exitCode: exitCodeByCode[error.code],
    };
  }
  if (error instanceof ControlError) return complaintOfProblem(error.problem);
  const known = lookUpError(error);
  if (known === null) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      code: 'internal',
      message,
      hint: 'this is a defect of weft: please report it',
      exitCode: exitCodes.failure,
    };
  }
  const { detail, code, hint, data } = problemOf(error);
  return {
    code,
    message: oneLine(detail),
    hint,
    exitCode: known.row.exitCode,
    ...(data !== undefined && { data }),
  };
}

/** The exit code of a problem is that of the same row here; an unknown one, of a newer daemon, is a failure. */
function complaintOfProblem(problem: Problem): Complaint {
  const [, , , family = '', code = ''] = problem.type.split(':');
  const name = Object.keys(errorTable).find((candidate) => candidate.toLowerCase() === `${family}error`);
  const row = errorTable[name ?? '']?.[code];
  const { detail, hint, data } = problem;
  return {
    code: problem.code,
    message: detail,
    hint,
    exitCode: row?.exitCode ?? exitCodes.failure,
    ...(data !== undefined && { data }),
  };
}

/** Libraries put stacks and blank lines into their messages. */
function oneLine(message: string): string {
  const lines = message.split('\n').filter((line) => !/^\s+at /.test(line));
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}
