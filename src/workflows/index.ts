/** Every workflow a worker runs; the bundle is made from here. */
export { consent } from './consent';
export { delivery } from './delivery';
export { sweep } from './sweep';
