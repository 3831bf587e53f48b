// Goal: a command loads its own file alone; one that the table does not name would load them all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { commandGroups } from '#campaigns/commands/command-groups.ts';

test('every group is listed with exactly the commands that it adds', async () => {
  for (const { names, load } of commandGroups) {
    const program = new Command();
    (await load())(program, { exitCode: 0 });
    assert.deepEqual(
      program.commands.map((command) => command.name()),
      names,
    );
  }
});
