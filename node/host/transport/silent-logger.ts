/**
 * libp2p's logging, off: formatting what nobody reads is a measurable share of a message's cost.
 * Owns: the logger that says nothing, and handing errors on. Does not own: the node's own log.
 */
import type { ComponentLogger, Logger } from '@libp2p/interface';

/** `onError` gets the component and the message with its parts, unformatted. */
export function silentLogger(
  onError: (component: string, parts: readonly unknown[]) => void,
): ComponentLogger {
  const forComponent = (name: string): Logger => {
    const nothing = (): void => {};
    return Object.assign(nothing, {
      enabled: false,
      trace: Object.assign(() => {}, { enabled: false }),
      error: Object.assign((...parts: unknown[]) => onError(name, parts), { enabled: true }),
      newScope: (scope: string) => forComponent(`${name}:${scope}`),
    });
  };
  return { forComponent };
}
