import { InvalidArgumentError, type Command } from 'commander';
import { readTemporalConfig } from '../../platform/config';
import type { Deployment, Deployments, DeploymentVersion } from '../../platform/deployments';
import { CommandFailure, exitCodes } from '../failure';
import { withTemporal } from '../operator-temporal';
import { outputOf, table } from '../output';
import { statusOf, type Paint } from '../paint';

interface DeploymentOptions {
  deployment?: string;
  force?: boolean;
}

const deploymentOption = ['--deployment <name>', 'its name; TEMPORAL_DEPLOYMENT_NAME when absent'] as const;
const forceOption = ['--force', 'also without a worker of it, or when it lacks a task queue'] as const;

export function addDeploymentCommands(program: Command): void {
  const deployment = program
    .command('deployment')
    .description('versions of workers, which new runs go to; works on TEMPORAL_ADDRESS');

  deployment
    .command('show')
    .description('the versions of a deployment, and what each is to runs')
    .option(...deploymentOption)
    .action((options: DeploymentOptions, command: Command) =>
      withDeployments(options, (deployments, name) => tell(command, deployments, name)),
    );

  deployment
    .command('set-current')
    .description('have new runs begin with this version; what is pinned to others stays there')
    .argument('<build-id>', "the version's build id, or unversioned for workers without one")
    .option(...deploymentOption)
    .option(...forceOption)
    .action((buildId: string, options: DeploymentOptions, command: Command) =>
      withDeployments(options, async (deployments, name) => {
        await deployments.setCurrent(name, buildId === 'unversioned' ? null : buildId, options);
        await tell(command, deployments, name);
      }),
    );

  deployment
    .command('ramp')
    .description('have a part of new runs begin with this version')
    .argument('<build-id>', "the version's build id")
    .argument('<percentage>', '0 to 100; 0 ends the ramp', percentage)
    .option(...deploymentOption)
    .option(...forceOption)
    .action((buildId: string, part: number, options: DeploymentOptions, command: Command) =>
      withDeployments(options, async (deployments, name) => {
        await deployments.ramp(name, buildId, part, options);
        await tell(command, deployments, name);
      }),
    );

  deployment
    .command('drain-status')
    .description('whether the workers of a version can be stopped: exits with 0 once no run needs them')
    .argument('<build-id>', "the version's build id")
    .option(...deploymentOption)
    .addHelpText(
      'after',
      `
Temporal looks every few minutes whether open runs are pinned to a version. A roll-out waits for it:
  $ until everhook deployment drain-status 1.4.0; do sleep 60; done`,
    )
    .action((buildId: string, options: DeploymentOptions, command: Command) =>
      withDeployments(options, async (deployments, name) => {
        const found = await existing(deployments, name);
        const version = found.versions.find((one) => one.buildId === buildId);
        if (!version) throw new CommandFailure(`the deployment ${name} has no version ${buildId}`, exitCodes.usage);
        const stoppable = version.state === 'drained' || version.state === 'inactive';
        outputOf(command).answer({ ...version, stoppable }, `${buildId}: ${drainage[version.state]}`);
        if (!stoppable) throw new CommandFailure(`version ${buildId} is ${version.state}: its workers are needed`);
      }),
    );
}

const drainage: Record<DeploymentVersion['state'], string> = {
  current: 'new runs go to it',
  ramping: 'a part of new runs goes to it',
  draining: 'no new runs go to it, and some that are pinned to it are open',
  drained: 'no run needs it any more; its workers can be stopped',
  inactive: 'no run ever went to it',
};

async function withDeployments(
  options: DeploymentOptions,
  use: (deployments: Deployments, name: string) => Promise<void>,
): Promise<void> {
  const name = options.deployment ?? readTemporalConfig(process.env).TEMPORAL_DEPLOYMENT_NAME;
  if (!name) throw new CommandFailure('which one? give --deployment or TEMPORAL_DEPLOYMENT_NAME', exitCodes.usage);
  await withTemporal(async (connection, namespace) => {
    const { createDeployments } = await import('../../platform/deployments.js');
    await use(createDeployments(connection, namespace), name);
  });
}

async function existing(deployments: Deployments, name: string): Promise<Deployment> {
  const found = await deployments.describe(name);
  if (found) return found;
  const { TEMPORAL_NAMESPACE: namespace } = readTemporalConfig(process.env);
  throw new CommandFailure(`no worker of a deployment ${name} ever came to the namespace ${namespace}`);
}

/** How it is now. */
async function tell(command: Command, deployments: Deployments, name: string): Promise<void> {
  const found = await existing(deployments, name);
  const output = outputOf(command);
  output.answer(found, deploymentText(found, output.paint));
}

function percentage(text: string): number {
  const number = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(number <= 100)) throw new InvalidArgumentError('It takes a percentage, 0 to 100.');
  return number;
}

function deploymentText({ currentBuildId, rampPercentage, versions }: Deployment, paint: Paint): string {
  const rows = versions.map(({ buildId, state, createdAt }) => [
    buildId,
    state === 'ramping' ? `ramping ${rampPercentage} %` : statusOf(state),
    createdAt ?? '',
  ]);
  const note = currentBuildId === null ? '\nNew runs go to workers without a version: none of these is current.' : '';
  return table(['BUILD', 'STATE', 'SINCE'], rows, paint) + note;
}
