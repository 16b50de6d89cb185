/**
 * Build: src/main.ts → dist/pillion, one executable that needs nothing but libc. With the name of a target behind it,
 * `bun run build linux-arm64`, it is made for that machine: dist/linux-arm64/pillion.
 *
 * Skipped when neither the sources, the dependencies, this script, Bun nor the git revision changed, so that tests may
 * ask for the executable as often as they like. The finished file is moved into place: nobody ever runs half of one.
 */
import { mkdir, rename, rm } from "node:fs/promises"
import { dirname, join, relative } from "node:path"

import { bunTarget, runtimeFor, type Target, targetNamed } from "./targets.ts"

const root = join(import.meta.dir, "..")

/** Where the executable stands after `build`. */
export const executable = join(root, "dist/pillion")

/** Builds the executable if it is stale; returns its path. Throws with the bundler's own words when it cannot. */
export const build = (say: (line: string) => void = () => {}): Promise<string> => make(executable, async () => [], say)

/** Likewise for another machine, with the runtime of bun.lock. */
export const buildFor = (target: Target, say: (line: string) => void = () => {}): Promise<string> =>
  make(
    join(root, "dist", target.name, "pillion"),
    async () => [`--target=${bunTarget(target)}`, `--compile-executable-path=${await runtimeFor(target)}`],
    say,
  )

/** `more` are the flags that only a build needs. */
const make = async (
  executable: string,
  more: () => Promise<ReadonlyArray<string>>,
  say: (line: string) => void,
): Promise<string> => {
  const shown = relative(root, executable)
  const stamp = `${executable}.stamp`
  const { version } = await Bun.file(join(root, "package.json")).json()
  const revision = sourceRevision()
  const wanted = await fingerprint(revision)
  const label = revision === undefined ? version : `${version} (${revision})`
  const built = Bun.file(stamp)
  if ((await Bun.file(executable).exists()) && (await built.exists()) && (await built.text()) === wanted) {
    say(`${shown} is up to date: ${label}`)
    return executable
  }

  // Bundles in a folder of its own, for two builds at once must not share files.
  const folder = join(root, `dist/build-${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    const output = join(folder, "pillion")
    const bundler = Bun.spawnSync(
      [process.execPath, "build", ...flags(revision), ...(await more()), `--outfile=${output}`],
      {
        cwd: root,
        // Under a test runner NODE_ENV would be "test", and be built in.
        env: { ...process.env, NODE_ENV: "production" },
      },
    )
    if (bundler.exitCode !== 0) throw new Error(`bun build failed:\n${bundler.stderr}${bundler.stdout}`)
    await mkdir(dirname(executable), { recursive: true })
    await rename(output, executable)
    await Bun.write(stamp, wanted)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  say(`${shown}: ${label}, ${(Bun.file(executable).size / 1e6).toFixed(1)} MB`)
  return executable
}

const flags = (revision: string | undefined): ReadonlyArray<string> => [
  join(root, "src/main.ts"),
  // A thread has a program of its own, which maker-thread.ts finds by its path below src/.
  join(root, "src/capture/worker/worker.ts"),
  "--compile",
  "--minify",
  "--sourcemap",
  // Bytecode needs the ESM format as soon as there is a top-level await.
  "--bytecode",
  "--format=esm",
  // What is imported when it is needed (the OpenTelemetry exporter) is a chunk of its own: inside the one chunk its
  // bytecode costs 1.1 MB of memory even where it is never run.
  "--splitting",
  // By default an executable loads .env, and runs the preloads of bunfig.toml, from wherever it is started.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  // No eval, and no BUN_OPTIONS=--preload or BUN_INSPECT either.
  "--compile-exec-argv=--disallow-code-generation-from-strings=strict",
  ...(revision === undefined ? [] : ["--define", `BUILD_REVISION=${JSON.stringify(revision)}`]),
]

/** BUILD_REVISION where there is no checkout (an image build), else git's word, if there is git. */
const sourceRevision = (): string | undefined => {
  const given = process.env["BUILD_REVISION"]
  if (given !== undefined && given !== "") return given
  const git = Bun.which("git")
  if (git === null) return undefined
  const described = Bun.spawnSync([git, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], { cwd: root })
  return described.exitCode === 0 ? described.stdout.toString().trim() : undefined
}

const fingerprint = async (revision: string | undefined): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256").update(`${Bun.version} ${revision}\n`)
  const sources = [...new Bun.Glob("src/**/*").scanSync({ cwd: root })].toSorted()
  for (const path of ["package.json", "bun.lock", "scripts/build.ts", "scripts/targets.ts", ...sources]) {
    hasher.update(`${path}\n`).update(await Bun.file(join(root, path)).bytes())
  }
  return hasher.digest("hex")
}

if (import.meta.main) {
  const [name] = process.argv.slice(2)
  await (name === undefined ? build(console.log) : buildFor(targetNamed(name), console.log))
}
