/** Every workflow a worker runs; the bundle is made from here. */
export { connectionTest } from './connection-test';
export { consent } from './consent';
export { delivery } from './delivery';
export { sweep } from './sweep';
