/**
 * Loaded before Pulumi's SDK, by the program host (nodeargs of Pulumi.yaml) and by providers in Node: takes a third of the program's time away.
 * Owns: keeping compiled code between runs, and leaving two large packages out until somebody touches them: the SDK loads a package
 * manager and a compiler with every program, and only programs that serialise functions use them. Does not own: the program (index.ts).
 */
import module from 'node:module';

module.enableCompileCache?.();

const seldom = /^@npmcli\/arborist$|\/typescript-shim$/;
const load = module.prototype.require;

module.prototype.require = function requireLate(id) {
  if (!seldom.test(id)) return load.call(this, id);
  // "__esModule": the SDK's own helper would copy, and so load, anything else at once.
  return new Proxy({}, { get: (_, key) => key === '__esModule' || load.call(this, id)[key] });
};
