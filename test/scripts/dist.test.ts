import { expect, test } from "bun:test"
import { chmod, mkdir, mkdtemp, rm, utimes } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import manifest from "../../package.json" with { type: "json" }
import { archive, dist } from "../../scripts/dist.ts"
import { buildFor } from "../../scripts/build.ts"
import { bundled } from "../../scripts/notices.ts"
import { bunTarget, hasRuntime, targetNamed, targets } from "../../scripts/targets.ts"
import { runCommand } from "../support/process.ts"

const temporary = async () => {
  const path = await mkdtemp(join(tmpdir(), "pillion-dist-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** This machine's own; its C library is glibc. */
const own = targetNamed(`linux-${process.arch}`)

test("the tarball has the executable, its unit, completions, the licence, and checksums that are right", async () => {
  await using folder = await temporary()
  const name = `${manifest.name}-${manifest.version}-linux-${process.arch}`
  expect(await dist(folder.path, own)).toBe(join(folder.path, `${name}.tar.gz`))
  const unpacked = await runCommand(["tar", "xzf", `${name}.tar.gz`], { cwd: folder.path, milliseconds: 30_000 })
  expect(unpacked).toMatchObject({ code: 0, stderr: "" })
  const cwd = join(folder.path, name)
  expect([...new Bun.Glob("**").scanSync({ cwd })].toSorted()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "NOTICES",
    "README.md",
    "SHA256SUMS",
    "completions/bash/pillion",
    "completions/fish/pillion.fish",
    "completions/zsh/_pillion",
    "pillion",
    "systemd/pillion.env",
    "systemd/pillion.service",
  ])
  const checked = await runCommand(["sha256sum", "--check", "--strict", "SHA256SUMS"], { cwd })
  expect([checked.code, checked.stdout.match(/: OK$/gm)?.length]).toEqual([0, 10])
  const notices = await Bun.file(join(cwd, "NOTICES")).text()
  for (const name of bundled) expect(notices).toContain(`${name} `)
  expect(notices.match(/Permission is hereby granted/g)?.length).toBe(bundled.length)
  const ran = await runCommand([join(cwd, "pillion"), "version"], { cwd })
  expect(ran.stdout).toStartWith(`pillion ${manifest.version} (`)
}, 60_000)

/** By e_machine of an ELF header, elf(5). */
const machines: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" }

for (const target of targets) {
  const here = process.env["CI"] === "true" || (await hasRuntime(target)) ? test : test.skip
  here(
    `the executable for ${target.name} is one of that machine and of that C library`,
    async () => {
      const file = Bun.file(await buildFor(target))
      const head = new DataView(await file.slice(0, 4096).arrayBuffer())
      const text = Buffer.from(head.buffer).toString("latin1")
      if (target.os === "darwin") {
        // Mach-O of 64 bits, and its processor (mach/machine.h).
        const processor = target.cpu === "arm64" ? 0x0100_000c : 0x0100_0007
        return expect([head.getUint32(0, true), head.getUint32(4, true)]).toEqual([0xfeedfacf, processor])
      }
      expect([text.slice(1, 4), machines[head.getUint16(18, true)]]).toEqual(["ELF", target.cpu])
      expect(/\/lib\S*\/ld-[^\0]+/.exec(text)?.[0].includes("musl")).toBe(target.libc === "musl")
    },
    60_000,
  )
}

test("a target has a name, which images write in their own way, or there is none", () => {
  expect(targets.map(bunTarget)).toEqual([
    "bun-linux-x64",
    "bun-linux-arm64",
    "bun-linux-x64-musl",
    "bun-linux-arm64-musl",
    "bun-darwin-x64",
    "bun-darwin-arm64",
  ])
  expect(targetNamed("linux-amd64")).toBe(targetNamed("linux-x64"))
  expect(() => targetNamed("linux-mips")).toThrow("no target is called linux-mips; there are linux-x64, linux-arm64,")
})

/** An archive of files with these names, each holding its name. */
const make = async (names: ReadonlyArray<string>, mode: number, time: number): Promise<Uint8Array> => {
  await using folder = await temporary()
  await mkdir(join(folder.path, "top"))
  for (const name of names) {
    const path = join(folder.path, "top", name)
    await Bun.write(path, name)
    await chmod(path, mode)
    await utimes(path, time, time)
  }
  return await archive(folder.path, "top", 1_700_000_000)
}

test("an archive depends on nothing but what is in it: not on times, owners, modes or the order of files", async () => {
  const one = await make(["a", "b", "c"], 0o600, 1)
  expect(one.length).toBeGreaterThan(0)
  expect(await make(["c", "a", "b"], 0o664, 2)).toEqual(one)
  expect(await make(["a", "b", "d"], 0o600, 1)).not.toEqual(one)
})
