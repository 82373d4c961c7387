import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import { awsSweep } from './aws-sweep';
import { burst } from './burst';
import { retention } from './retention';
import { sweep } from './sweep';

/**
 * How runs live with versioned workers (docs/upgrading.md); without versions all this says nothing. The others stay with the
 * version that began them, as the worker says. These move on to the current one: a burst goes on for as long as there is load,
 * and of what a Schedule begins there is one run at a time: one that waits for a version that is gone would hold up all that
 * follow.
 *
 * Asked anew for each run: Temporal refuses whatever a worker without a version says about versions, and the run gets nowhere.
 */
const upgrading = () =>
  workflowInfo().currentDeploymentVersion?.deploymentName ? ({ versioningBehavior: 'AUTO_UPGRADE' } as const) : {};
setWorkflowOptions(upgrading, burst);
setWorkflowOptions(upgrading, sweep);
setWorkflowOptions(upgrading, awsSweep);
setWorkflowOptions(upgrading, retention);
