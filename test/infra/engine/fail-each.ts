/**
 * Runs the program once for every create that a cloud could refuse, in one process, and prints what was left each time.
 * A process of its own because the program host's way of hearing of errors and the test runner's exclude each other.
 * `node test/infra/engine/fail-each.ts CLOUD STACK [STEP]` prints one JSON line per refused create.
 */
import { runProgram } from '#infra/program.ts';
import { Engine } from '#test/infra/engine/engine.ts';
import { noon, onCloud } from '#test/infra/stack-fixture.ts';

// Every promise of the SDK keeps the stack it was made on: thousands of them, that nobody reads.
Error.stackTraceLimit = 0;

const [cloud = 'aws', stack = '10k-nodes', step = '1'] = process.argv.slice(2);
const config = onCloud(stack, cloud === 'gcp' ? 'gcp' : 'aws');
const program = () => runProgram({ stack, config, now: noon });
const whole = await new Engine().up(program, { stack, config });
const creates = whole.resources.filter((one) => one.isCustom && !one.type.startsWith('pulumi:')).length;

for (let refused = 1; refused <= creates; refused += Number(step)) {
  const engine = new Engine();
  const failed = await engine.up(program, { stack, config, failCreate: refused });
  const after = new Map([...engine.state].map(([urn, one]) => [urn, one]));
  const unguarded = [...after.values()].filter(
    (one) =>
      /(autoscaling\/group:Group|nodeGroup:NodeGroup|nodePool:NodePool)$/.test(one.type) &&
      !one.after.some(
        (urn) => /scheduler\/schedule:Schedule|cloudscheduler\/job:Job/.test(urn) && after.has(urn),
      ),
  );
  const again = await engine.up(program, { stack, config });
  const line = {
    refused,
    errors: failed.errors.slice(0, 1),
    unguarded: unguarded.map((one) => one.name),
    againErrors: again.errors,
    createdTwice: again.resources
      .filter((one) => one.did === 'create' && after.has(one.urn))
      .map((one) => one.urn),
    complete: engine.state.size === whole.resources.length,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
