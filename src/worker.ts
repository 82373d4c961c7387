import path from 'node:path';
import { existsSync } from 'node:fs';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { createActivities, createAwsActivities } from './activities';
import { awsTaskQueue } from './domain/credential-run';
import type { RateLimit } from './platform/config';
import { failureConverterPath } from './platform/data-converter';
import type { WorkerVersion } from './platform/deployments';
import { traceActivities, tracingSinks } from './platform/temporal-tracing';
import type { Tracing } from './platform/tracing';

/** Made by the build, so that starting a worker needs no webpack. */
const builtBundle = path.join(__dirname, 'workflows', 'bundle.js');

/** What the bundle of workflow code is made from. */
export function workflowSources() {
  const workflowsPath = path.join(__dirname, 'workflows');
  return {
    workflowsPath,
    preloadModules: [path.join(workflowsPath, 'preload')],
    workflowInterceptorModules: [path.join(workflowsPath, 'tracing')],
    failureConverterPath,
  };
}

/** Workflow code for a worker: the built bundle, or the sources where there is no build (tests of a single file). */
export function workflowCode() {
  if (existsSync(builtBundle)) return { workflowBundle: { codePath: builtBundle } };
  const { workflowsPath, preloadModules, workflowInterceptorModules: workflowModules } = workflowSources();
  // The worker has the failure converter bundled by itself.
  return { workflowsPath, bundlerOptions: { preloadModules }, interceptors: { workflowModules } };
}

/** With a version, a run stays with it; `workflows/versioning.ts` has those that do not. */
function versioned(version: WorkerVersion | null | undefined) {
  if (!version) return {};
  const workerDeploymentOptions = { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' } as const;
  return { workerDeploymentOptions };
}

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: ReturnType<typeof createActivities>;
  dataConverter: DataConverter;
  /** None: it takes whatever comes to its task queue. */
  version?: WorkerVersion | null;
  tracing: Tracing;
  /** Attempts at the same time, local and normal ones each. */
  maxDeliveries: number;
  /** How long attempts in flight may take to end after a shutdown began, in milliseconds. */
  shutdownGraceMs: number;
}

/**
 * A Temporal worker of Everhook; run as many as wanted. The figures are for two cores: one workflow thread,
 * many attempts that wait for receivers, pollers that scale with the load.
 */
export function createWorker(options: WorkerOptions): Promise<Worker> {
  const code = workflowCode();
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    ...versioned(options.version),
    ...code,
    ...traces(options.tracing, code.interceptors),
    dataConverter: options.dataConverter,
    activities: options.activities,
    workflowThreadPoolSize: 1,
    maxConcurrentWorkflowTaskExecutions: Math.max(40, options.maxDeliveries),
    maxConcurrentActivityTaskExecutions: options.maxDeliveries,
    maxConcurrentLocalActivityExecutions: options.maxDeliveries,
    workflowTaskPollerBehavior: { type: 'autoscaling', initial: 4, maximum: 20 },
    activityTaskPollerBehavior: { type: 'autoscaling', initial: 2, maximum: 20 },
    // A delivery in backoff costs nothing here once it is evicted; its history is short to replay. The cache only has
    // to hold those with an attempt in flight.
    maxCachedWorkflows: Math.max(100, options.maxDeliveries),
    // A deadline may pass while a worker is being replaced: what was to go to its cache goes to another one's after this.
    stickyQueueScheduleToStartTimeout: '3 s',
    shutdownGraceTime: options.shutdownGraceMs,
    shutdownForceTime: options.shutdownGraceMs + 5_000,
  });
}

/** The sinks always: a run may be traced by whoever started it. */
function traces(tracing: Tracing, interceptors: { workflowModules?: string[] } = {}) {
  return {
    sinks: tracingSinks(tracing),
    interceptors: { ...interceptors, ...(tracing.on && { activity: [traceActivities(tracing)] }) },
  };
}

/** Sagas wait for each other's calls at the limit of the rate, not at the limit of slots. */
const maxAwsSteps = 20;

/**
 * The worker of what calls AWS, on its own task queue: the server gives out no more than `rate` of them, to all workers of
 * the installation together.
 */
export function createAwsWorker(options: {
  connection: NativeConnection;
  namespace: string;
  /** Of the installation; its own is made from it. */
  taskQueue: string;
  dataConverter: DataConverter;
  /** As of the other worker: what a run asks for is done by the version that it is pinned to. */
  version?: WorkerVersion | null;
  tracing: Tracing;
  activities: ReturnType<typeof createAwsActivities>;
  rate: RateLimit;
  shutdownGraceMs: number;
}): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: awsTaskQueue(options.taskQueue),
    ...versioned(options.version),
    dataConverter: options.dataConverter,
    activities: options.activities,
    ...traces(options.tracing),
    maxTaskQueueActivitiesPerSecond: options.rate.points / options.rate.perSeconds,
    maxConcurrentActivityTaskExecutions: maxAwsSteps,
    shutdownGraceTime: options.shutdownGraceMs,
    shutdownForceTime: options.shutdownGraceMs + 5_000,
  });
}
