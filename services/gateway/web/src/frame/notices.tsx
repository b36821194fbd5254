import { connection, operations, operationsFail, statusFails, unmet } from "../state/store";
import { t } from "../words/words";
import { noticesOf } from "./notice-texts";

/** Over the status bar, so that nothing moves when one appears. */
export function Notices() {
  const health = {
    connection: connection.value,
    unmet: unmet.value,
    statusFails: statusFails.value,
    operationsFail: operationsFail.value,
    operations: operations.value,
  };
  return (
    <div class="notices" role="alert" data-testid="notices">
      {noticesOf(health, t()).map(({ text, isCalm }) => (
        <p key={text} class={isCalm ? "calm" : ""}>
          {text}
        </p>
      ))}
    </div>
  );
}
