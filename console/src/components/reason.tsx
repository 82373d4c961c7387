import type { ErrorClass } from '../../../src/domain/delivery';
import { explanations, shortReasons } from '../failures';

/** Why the last attempt failed, in few words, with its class. */
export function Reason({ errorClass, count }: { errorClass: ErrorClass; count?: number }) {
  return (
    <span class="reason" title={explanations[errorClass].meaning}>
      {shortReasons[errorClass]}
      {count !== undefined && ` × ${count.toLocaleString()}`} <code>{errorClass}</code>
    </span>
  );
}
