/**
 * The dashboards' JSON against Grafana's own types: a literal of the type must compile, so a wrong type or an unknown key does not.
 * Planted mistakes prove that the compiler looks.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { dashboardFiles } from '#reports/dashboards/write-dashboards.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sdk = '@grafana/grafana-foundation-sdk';
const head = `import type { Dashboard, Panel } from '${sdk}/dashboard';
import type { Dataquery } from '${sdk}/prometheus';
import type { Options as StatOptions } from '${sdk}/stat';
import type { FieldConfig, Options as GraphOptions } from '${sdk}/timeseries';
import type { FieldConfigSource, FieldConfig as Defaults } from '${sdk}/dashboard';
type Plain<T> = T extends string ? \`\${T}\` : T extends readonly (infer I)[] ? Plain<I>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Target = Omit<Dataquery, '_implementsDataqueryVariant' | '_type' | 'dataqueryName'>;
type Fields<C> = Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<Defaults, 'custom'> & { custom?: C } };
type Common = Omit<Panel, 'targets' | 'type' | 'options' | 'fieldConfig'> & { targets: Target[] };
type Stat = Common & { type: 'stat'; options: StatOptions; fieldConfig: Fields<never> };
type Graph = Common & { type: 'timeseries'; options?: GraphOptions; fieldConfig: Fields<FieldConfig> };
export const dashboard: Plain<Omit<Dashboard, 'panels'>> & { panels: (Plain<Stat> | Plain<Graph>)[] } = `;

/** What the compiler says about each text, by name. */
function complaints(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const files = new Map([...texts].map(([name, text]) => [path.join(root, `${name}.check.ts`), head + text]));
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, ...rest)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return new Map(
    [...files.keys()].map((file, index) => [
      [...texts.keys()][index]!,
      ts
        .getPreEmitDiagnostics(program, program.getSourceFile(file))
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n').slice(0, 400)),
    ]),
  );
}

test('every dashboard is one of Grafana, without an unknown key', () => {
  const files = dashboardFiles();
  const good = files.get('bft-latency.golden.json')!;
  const planted = new Map([
    ['unknown-key', good.replace('"refId"', '"refid": "A", "refId"')],
    ['unknown-option', good.replace('"graphMode"', '"grafMode": "area", "graphMode"')],
    ['wrong-type', good.replace('"refresh": "10s"', '"refresh": 10')],
    ['missing', good.replace(/"schemaVersion": \d+,/, '')],
  ]);
  const found = complaints(new Map([...files, ...planted]));
  for (const name of files.keys()) assert.deepEqual(found.get(name), [], name);
  for (const name of planted.keys()) assert.notDeepEqual(found.get(name), [], `${name} was accepted`);
});
