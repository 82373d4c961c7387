import type { ErrorClass } from '../../../src/domain/delivery';
import { explanations, shortReasons } from '../failures';

/** Why the last attempt failed, in few words, with its class. `href`: the deliveries that failed so. */
export function Reason({ errorClass, count, href }: { errorClass: ErrorClass; count?: number; href?: string }) {
  const words = `${shortReasons[errorClass]}${count === undefined ? '' : ` × ${count.toLocaleString()}`}`;
  return (
    <span class="reason" title={explanations[errorClass].meaning}>
      {href === undefined ? words : <a href={href}>{words}</a>} <code>{errorClass}</code>
    </span>
  );
}
