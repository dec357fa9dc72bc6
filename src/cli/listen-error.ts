/** Why a server cannot listen where it should, for an operator. */
import { CliError } from './cli-error.ts';

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses it',
  EACCES: 'not allowed',
  EADDRNOTAVAIL: 'no such address',
};

/** A complaint that says what to do; an error of another kind as it is. */
export function listenErrorOf(error: unknown, what: string, hint: string): unknown {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  const reason = syscall === 'listen' ? reasons[code] : undefined;
  return reason === undefined ? error : new CliError('failed', `${what}: ${reason}`, hint, { cause: error });
}
