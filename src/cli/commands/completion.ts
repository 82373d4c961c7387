import { Argument, type Command } from 'commander';
import { bashCompletion } from '../completion/bash';
import { fishCompletion } from '../completion/fish';
import { completionShape } from '../completion/shape';
import { zshCompletion } from '../completion/zsh';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      `
Completes commands, options and the values that options choose from.
  bash  echo 'eval "$(everhook completion bash)"' >> ~/.bashrc
  zsh   everhook completion zsh > "\${fpath[1]}/_everhook"
  fish  everhook completion fish > ~/.config/fish/completions/everhook.fish`,
    )
    .action((shell: keyof typeof shells) => {
      process.stdout.write(shells[shell](completionShape(program)));
    });
}
