/**
 * Preloaded by `node --require` into a process whose clock a test sets forward: at SIGUSR2 by two hours, as somebody who
 * corrects the clock of one machine would. Timers and `performance.now()` go on as they do on such a machine.
 */
const stepMs = 2 * 60 * 60 * 1000;
const RealDate = Date;
let aheadMs = 0;
const now = () => RealDate.now() + aheadMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) => Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

process.on('SIGUSR2', () => {
  aheadMs = stepMs;
  process.stderr.write('the clock jumped ahead\n');
});
