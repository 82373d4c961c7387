import type { NativeConnection } from '@temporalio/worker';
import { isGrpcServiceError } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import { answerWithin, unavailableOr } from './temporal';

/** Which build of which deployment a worker is, as Temporal knows it. */
export interface WorkerVersion {
  deploymentName: string;
  buildId: string;
}

/** What a version is to the runs of Temporal. `draining`: runs that are pinned to it are still open. */
export type VersionState = 'current' | 'ramping' | 'draining' | 'drained' | 'inactive';

export interface DeploymentVersion {
  buildId: string;
  state: VersionState;
  /** When its first worker came. */
  createdAt: string | null;
  /** When Temporal last looked whether runs are pinned to it: every few minutes. */
  drainageCheckedAt: string | null;
}

export interface Deployment {
  deploymentName: string;
  /** Null: runs go to workers without a version. */
  currentBuildId: string | null;
  rampingBuildId: string | null;
  /** Of runs that begin, how many the ramping version gets. */
  rampPercentage: number;
  versions: DeploymentVersion[];
}

/** Temporal's side of versioned workers. Everything throws TemporalUnavailable when no server answers. */
export interface Deployments {
  /** Null: no worker of it ever came. */
  describe(deploymentName: string): Promise<Deployment | null>;
  /**
   * Runs that begin from now on go there, and those that upgrade by themselves. Null: to workers without a version.
   * @throws DeploymentRefused
   */
  setCurrent(deploymentName: string, buildId: string | null, options?: { force?: boolean }): Promise<void>;
  /** `percentage` of those do. 0 ends the ramp. @throws DeploymentRefused */
  ramp(deploymentName: string, buildId: string, percentage: number, options?: { force?: boolean }): Promise<void>;
}

/** The server does not do that; its message says why. */
export class DeploymentRefused extends Error {
  override readonly name = 'DeploymentRefused';

  /** @param isUnknown there is no such namespace, deployment or version */
  constructor(
    message: string,
    readonly isUnknown: boolean,
  ) {
    super(message);
  }
}

const deadlineMs = 10_000;
const refusals = new Set([status.NOT_FOUND, status.FAILED_PRECONDITION, status.INVALID_ARGUMENT, status.UNIMPLEMENTED]);

export function createDeployments(connection: NativeConnection, namespace: string): Deployments {
  const { workflowService } = connection;

  async function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    try {
      return await answerWithin(deadlineMs, connection, call);
    } catch (error) {
      if (isGrpcServiceError(error) && refusals.has(error.code)) {
        const message = `Temporal refuses: ${error.details || error.message}`;
        throw new DeploymentRefused(message, error.code === status.NOT_FOUND);
      }
      throw unavailableOr(error);
    }
  }

  return {
    async describe(deploymentName) {
      const answer = await ask(() => workflowService.describeWorkerDeployment({ namespace, deploymentName })).catch(
        (error: unknown) => {
          if (error instanceof DeploymentRefused && error.isUnknown) return null;
          throw error;
        },
      );
      const info = answer?.workerDeploymentInfo;
      if (!info) return null;
      const { currentDeploymentVersion, rampingDeploymentVersion, rampingVersionPercentage } = info.routingConfig ?? {};
      const versions = (info.versionSummaries ?? []).map((summary) => ({
        buildId: summary.deploymentVersion?.buildId ?? '',
        state: stateOf(summary.status),
        createdAt: instantOf(summary.createTime),
        drainageCheckedAt: instantOf(summary.drainageInfo?.lastCheckedTime),
      }));
      return {
        deploymentName,
        currentBuildId: currentDeploymentVersion?.buildId ?? null,
        rampingBuildId: rampingDeploymentVersion?.buildId ?? null,
        rampPercentage: rampingVersionPercentage ?? 0,
        versions: versions.sort((one, other) => (other.createdAt ?? '').localeCompare(one.createdAt ?? '')),
      };
    },

    async setCurrent(deploymentName, buildId, { force = false } = {}) {
      const forced = { ignoreMissingTaskQueues: force, allowNoPollers: force };
      await ask(() =>
        workflowService.setWorkerDeploymentCurrentVersion({
          namespace,
          deploymentName,
          ...forced,
          ...versionFields(deploymentName, buildId),
        }),
      );
    },

    async ramp(deploymentName, buildId, percentage, { force = false } = {}) {
      const forced = { ignoreMissingTaskQueues: force, allowNoPollers: force };
      const to = percentage === 0 ? {} : versionFields(deploymentName, buildId);
      await ask(() =>
        workflowService.setWorkerDeploymentRampingVersion({ namespace, deploymentName, percentage, ...forced, ...to }),
      );
    },
  };
}

/** Servers up to 1.29 read the first of them, later ones the second. */
function versionFields(deploymentName: string, buildId: string | null): { version?: string; buildId?: string } {
  return buildId === null ? { version: '__unversioned__' } : { version: `${deploymentName}.${buildId}`, buildId };
}

/** temporal.api.enums.v1.WorkerDeploymentVersionStatus */
const states: Record<number, VersionState> = { 1: 'inactive', 2: 'current', 3: 'ramping', 4: 'draining', 5: 'drained' };

const stateOf = (number: number | null | undefined): VersionState => states[number ?? 0] ?? 'inactive';

function instantOf(time: { seconds?: { toString(): string } | null } | null | undefined): string | null {
  const seconds = Number(String(time?.seconds ?? 0));
  return seconds > 0 ? new Date(seconds * 1000).toISOString() : null;
}
