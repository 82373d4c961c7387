import './versioning';

/** Every workflow a worker runs; the bundle is made from here. */
export { awsSweep } from './aws-sweep';
export { burst } from './burst';
export { connectionTest } from './connection-test';
export { consent } from './consent';
export { credential } from './credential';
export { delivery } from './delivery';
export { retention } from './retention';
export { sweep } from './sweep';
