/** `weft doctor`: looks at everything that a node needs and says what to do; changes nothing. */
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from '../../api/error-table.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Context, Runner } from '../context.ts';
import type { CheckStatus, Finding } from '../doctor/finding.ts';
import { addExamples } from '../help.ts';
import type { Style, Terminal } from '../terminal.ts';
import { counted } from '../words.ts';

const marks: Readonly<Record<CheckStatus, readonly [string, Style]>> = {
  ok: ['✓', 'good'],
  warning: ['!', 'warning'],
  problem: ['✗', 'bad'],
  skipped: ['–', 'quiet'],
};

/** Adds it. */
export function addDoctorCommand(program: Command, run: Runner): void {
  const command = program
    .command('doctor')
    .description(
      'check what a node needs, with or without a running daemon, and say what to do; changes nothing',
    );
  addExamples(command, [
    ['weft doctor', 'exit code 0 when there is no problem, 1 otherwise'],
    ['weft doctor --data ./second --json', 'another node, as one JSON object'],
  ]).action(run((context) => examine(context)));
}

async function examine(context: Context): Promise<ExitCode> {
  const checks = await findingsOf(context);
  const isOk = checks.every(({ status }) => status !== 'problem');
  const { terminal } = context;
  terminal.give({ ok: isOk, checks });
  for (const finding of checks) sayFinding(terminal, finding);
  const count = (status: CheckStatus): number => checks.filter((one) => one.status === status).length;
  terminal.say('');
  terminal.say(
    `${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}, ${count('ok')} fine, ${count('skipped')} not checked`,
  );
  return isOk ? exitCodes.ok : exitCodes.failure;
}

async function findingsOf(context: Context): Promise<readonly Finding[]> {
  // Loaded here: the other commands need none of it.
  const { findRunning, readSettings } = await import('../doctor/scene.ts');
  const { problem, skipped } = await import('../doctor/finding.ts');
  const config = readSettings(context);
  if (config instanceof ConfigError)
    return [
      problem('settings', config.message, 'correct it; config/README.md lists all settings'),
      skipped('everything else', 'the settings cannot be read'),
    ];
  const { runChecks } = await import('../doctor/run-checks.ts');
  const daemon = await findRunning(context, config);
  return runChecks({ config, daemon, nowMs: context.nowMs });
}

function sayFinding(terminal: Terminal, { name, status, detail, hint }: Finding): void {
  const [mark, style] = marks[status];
  terminal.say(`${terminal.paint(style, mark)} ${terminal.paint('strong', name)}  ${detail}`);
  if (hint !== null) terminal.say(terminal.paint('quiet', `    ${hint}`));
}
