/**
 * Where the imports of a program lead, remembered from one process to the next: looking through folders and packages for a
 * thousand modules is half of what starting a node costs. Owns: the file, when it is believed, the hook that answers from it.
 * Does not own: loading and compiling (Node). A map is believed while Node, the installed packages and package.json are those it was
 * written with; what it does not know is looked for as ever, and so is everything that is required instead of imported.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';

export interface ModuleMap {
  /** Writes down what had to be looked for, whole or not at all; a folder that cannot be written is left alone. */
  remember: () => void;
}

export interface ModuleMapPlace {
  /** Of the program: holds package.json and node_modules. */
  readonly root: string;
  /** Where the map is kept; made when absent. */
  readonly folder: string;
}

/** Address and format of a module. */
type Found = readonly [url: string, format: string | null];
/** By the address of the importing module, then by the words of the import. */
type Imports = Map<string, Map<string, Found>>;

/** Changes with everything that the place of a module may depend on. */
function validity(root: string): string {
  const stamps = ['package.json', path.join('node_modules', '.package-lock.json')].map((name) => {
    const stat = statSync(path.join(root, name), { throwIfNoEntry: false });
    return stat === undefined ? 'absent' : `${stat.mtimeMs}:${stat.size}`;
  });
  return [process.version, root, ...stamps].join(' ');
}

function isFound(value: unknown): value is Found {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [url, format]: readonly unknown[] = value;
  return typeof url === 'string' && (format === null || typeof format === 'string');
}

/** Null when there is no map, a damaged one, or one of other packages. */
function readImports(file: string, valid: string): Imports | null {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!Array.isArray(read) || read[0] !== valid) return null;
    const imports: Imports = new Map();
    for (const [parent, found] of Object.entries<unknown>(Object(read[1]))) {
      const entries = Object.entries<unknown>(Object(found));
      imports.set(parent, new Map(entries.filter((entry): entry is [string, Found] => isFound(entry[1]))));
    }
    return imports;
  } catch {
    return null;
  }
}

function writeImports(file: string, valid: string, imports: Imports): void {
  const written = `${file}.${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    const plain = Object.fromEntries(
      [...imports].map(([parent, found]) => [parent, Object.fromEntries(found)]),
    );
    writeFileSync(written, JSON.stringify([valid, plain]));
    renameSync(written, file);
  } catch {
    rmSync(written, { force: true });
  }
}

/** From here on the imports of this thread are answered from the map. */
export function openModuleMap({ root, folder }: ModuleMapPlace): ModuleMap {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const file = path.join(folder, `modules-${name}.json`);
  const valid = validity(root);
  const imports = readImports(file, valid) ?? new Map<string, Map<string, Found>>();
  let isNews = false;
  registerHooks({
    resolve: (specifier, context, next) => {
      const { parentURL, conditions } = context;
      if (parentURL === undefined || !conditions.includes('import')) return next(specifier, context);
      const known = imports.get(parentURL)?.get(specifier);
      if (known !== undefined) return { url: known[0], format: known[1], shortCircuit: true };
      const found = next(specifier, context);
      if (!found.url.startsWith('file:')) return found;
      const others = imports.get(parentURL) ?? new Map<string, Found>();
      imports.set(parentURL, others.set(specifier, [found.url, found.format ?? null]));
      isNews = true;
      return found;
    },
  });
  return {
    remember: () => {
      if (isNews) writeImports(file, valid, imports);
      isNews = false;
    },
  };
}
