/**
 * Loaded once a worker, before any workflow, and shared by all of them: what is loaded here must keep no state. Other
 * modules run anew for every workflow, and the SDK's own are most of what that costs.
 */
import '@temporalio/workflow';

/**
 * The SDK formats a stack for every promise of a workflow, a fifth of what a delivery costs a worker. Two frames still
 * say where an error was thrown.
 */
Error.stackTraceLimit = 2;
