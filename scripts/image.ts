/**
 * Image: the Containerfile's runtime stage, built and tried without a container engine and without an image registry:
 * `bun run image` makes dist/image/layout, an OCI image, and passes test/image. Needs root on Debian.
 *
 * Two things differ from `docker build`, and nothing of the runtime stage does: the base is made of the Debian packages
 * that distroless base-nossl is made of, and the executable is this checkout's instead of the build stage's.
 */
import { link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"

import { build } from "./build.ts"
import { notices } from "./notices.ts"
import { sourceDate } from "./source-date.ts"
import { bun, exitCode, root } from "./steps.ts"

/** Where the image stands after `buildImage`, and its name there. */
export const layout = join(root, "dist/image/layout")
export const tag = "pillion"

const packages = ["base-files", "ca-certificates", "libc6", "netbase", "tzdata"]

/** What the packages have and nothing here needs: converters between character sets, and scripts without a shell. */
const leftOut = [
  "etc/update-motd.d",
  "usr/lib/*/gconv",
  "usr/sbin",
  "usr/share/{bug,lintian,locale,man}",
  "usr/share/doc/*/!(copyright)",
]

/** Files that an installation would make; libc's own look-ups read them. */
const made: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/nonexistent:/sbin/nologin\n",
  "etc/group": "root:x:0:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
}

/** Builds the image unless what it is made of is unchanged; `say` is told what was done. */
export const buildImage = async (say: (line: string) => void = () => {}): Promise<void> => {
  const executable = await build(say)
  const containerfile = offline(await Bun.file(join(root, "Containerfile")).text())
  const wanted = await fingerprint(executable, containerfile)
  const stamp = Bun.file(join(root, "dist/image/stamp"))
  if ((await stamp.exists()) && (await stamp.text()) === wanted) return say("dist/image/layout is up to date")

  const debs = join(root, "dist/image/debs")
  await mkdir(debs, { recursive: true })
  // Beside the executable, which is linked and not copied.
  const work = await mkdtemp(join(root, "dist/image/build-"))
  try {
    const base = join(work, "base")
    const context = join(work, "context")
    await makeBase(base, debs)
    await mkdir(join(context, "dist"), { recursive: true })
    await link(executable, join(context, "dist/pillion"))
    await writeFile(join(context, "dist/NOTICES"), await notices())
    await writeFile(join(context, "Containerfile"), containerfile)
    await rm(layout, { recursive: true, force: true })
    assemble(work, base, context, await revisionOf(executable))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  await Bun.write(stamp, wanted)
  say("dist/image/layout: built")
}

/** The Containerfile with a place to copy from as its build stage; the runtime stage is left as it is. */
export const offline = (containerfile: string): string => {
  const stage = /^FROM --platform=\$\{BUILDPLATFORM\} \$\{BUN_IMAGE\} AS build\n(?:.*\n)*?(?=FROM )/m
  if (!stage.test(containerfile)) throw new Error("the Containerfile has no build stage where it is looked for")
  return containerfile.replace(stage, "FROM scratch AS build\nCOPY dist /src/dist\n\n")
}

/** Unpacks the packages; `debs` keeps them, so that only the first time asks Debian's mirror. */
const makeBase = async (base: string, debs: string): Promise<void> => {
  const kept = [...new Bun.Glob("*.deb").scanSync({ cwd: debs })]
  if (kept.length < packages.length) run(["apt-get", "download", "-qq", ...packages], debs)
  await mkdir(base)
  script(debs, `for deb in *.deb; do dpkg-deb --extract "$deb" "$1"; done`, base)
  script(base, `rm -rf ${leftOut.join(" ")}`)
  script(base, "cat usr/share/ca-certificates/**/*.crt >etc/ssl/certs/ca-certificates.crt")
  for (const [path, text] of Object.entries(made)) await writeFile(join(base, path), text)
}

/** From a base and a build context to an OCI image; buildah's own storage lies in `work` and leaves with it. */
const assemble = (work: string, base: string, context: string, revision: string): void => {
  const buildah = (...words: ReadonlyArray<string>): string => {
    const places = ["--root", join(work, "storage"), "--runroot", join(work, "run"), "--storage-driver", "vfs"]
    return run(["buildah", ...places, ...words]).trim()
  }
  const date = sourceDate()
  const baseName = "localhost/base-nossl:debian"
  const container = buildah("from", "scratch")
  buildah("add", "--quiet", container, base, "/")
  buildah("commit", "--quiet", "--rm", "--timestamp", String(date), container, baseName)
  const values = { BASE: baseName, REVISION: revision, CREATED: new Date(date * 1000).toISOString() }
  const arguments_ = Object.entries(values).map(([name, value]) => `--build-arg=${name}=${value}`)
  const building = ["build", "--quiet", "--isolation", "chroot", "--pull-never", "--timestamp", String(date)]
  buildah(...building, ...arguments_, "--file", join(context, "Containerfile"), "--tag", `localhost/${tag}`, context)
  buildah("push", "--quiet", `localhost/${tag}`, `oci:${layout}:${tag}`)
}

const revisionOf = async (executable: string): Promise<string> =>
  JSON.parse(run([executable, "version", "--json"])).revision ?? ""

const fingerprint = async (executable: string, containerfile: string): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256").update(containerfile)
  for (const path of [executable, import.meta.path]) hasher.update(await Bun.file(path).bytes())
  return hasher.digest("hex")
}

/** Runs a command to its end and returns what it printed; throws with what it said when it fails. */
const run = (command: ReadonlyArray<string>, cwd = root): string => {
  const ran = Bun.spawnSync([...command], { cwd, stdin: "ignore" })
  if (ran.exitCode !== 0) throw new Error(`${command.join(" ")} failed:\n${ran.stderr}${ran.stdout}`)
  return ran.stdout.toString()
}

const script = (cwd: string, text: string, ...words: ReadonlyArray<string>): string =>
  run(["bash", "-O", "extglob", "-O", "globstar", "-O", "nullglob", "-euc", text, "bash", ...words], cwd)

if (import.meta.main) {
  await buildImage((line) => console.log(line))
  process.exit(await exitCode([bun, "test", "test/image"]))
}
