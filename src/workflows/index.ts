/** Every workflow a worker runs; the bundle is made from here. */
export { delivery } from './delivery';
export { sweep } from './sweep';
