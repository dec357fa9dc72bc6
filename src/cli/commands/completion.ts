/** `weft completion`: a script that teaches a shell the commands, options and choices of this very version. */
import { Argument, type Command } from 'commander';
import { describeCommand } from '../completion/command-tree.ts';
import type { Context, Runner } from '../context.ts';
import { addExamples } from '../help.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** Adds it. */
export function addCompletionCommand(program: Command, run: Runner): void {
  const command = program
    .command('completion')
    .description('print a script by which a shell completes commands, options and their values')
    .addArgument(new Argument('<shell>', 'whose').choices(shells));
  addExamples(command, [
    ['source <(weft completion bash)', 'in ~/.bashrc'],
    ['weft completion zsh > ~/.zfunc/_weft', 'where ~/.zfunc is in $fpath, before compinit'],
    ['weft completion fish > ~/.config/fish/completions/weft.fish', 'read at the next start'],
  ]).action(run<[Shell]>((context, [shell]) => printScript(context, program, shell)));
}

async function printScript({ terminal }: Context, program: Command, shell: Shell): Promise<undefined> {
  const script = await scriptOf(program, shell);
  terminal.give({ shell, script });
  if (!terminal.json) terminal.stdout.write(script);
}

async function scriptOf(program: Command, shell: Shell): Promise<string> {
  const tree = describeCommand(program);
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash-script.ts')).bashScript(tree);
    case 'zsh':
      return (await import('../completion/zsh-script.ts')).zshScript(tree);
    case 'fish':
      return (await import('../completion/fish-script.ts')).fishScript(tree);
  }
}
