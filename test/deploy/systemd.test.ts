/** The unit: systemd takes it, finds it hardened, and a real systemd runs the executable by it. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import { build } from "../../scripts/build.ts"
import { load } from "../../src/cli/load.ts"
import type { Settings } from "../../src/config/settings.ts"
import { needs } from "../support/needs.ts"
import { runCommand } from "../support/process.ts"
import { bootSystemd, unit } from "../support/systemd.ts"

/** The most that `systemd-analyze security` may find open; 10 is everything. */
const maxExposure = 2

needs("systemd-analyze")("the unit has no mistakes, and is exposed to little", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    // The executable that the unit names must exist.
    const copy = join(folder, "pillion.service")
    await Bun.write(copy, (await Bun.file(unit).text()).replace("/usr/bin/pillion", await build()))
    const verified = await runCommand(["systemd-analyze", "verify", "--man=no", copy])
    expect(verified).toEqual({ code: 0, stdout: "", stderr: "" })
    const threshold = `--threshold=${maxExposure * 10}`
    const judged = await runCommand(["systemd-analyze", "security", "--offline=true", "--no-pager", threshold, copy])
    const exposure = Number(/Overall exposure level for pillion\.service: ([0-9.]+)/.exec(judged.stdout)?.[1])
    expect([judged.code, exposure < maxExposure]).toEqual([0, true])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** The settings that hold with this environment and nothing else. */
const loaded = (env: Record<string, string>): Settings =>
  Result.getOrThrow(load([], { env, annotationsFile: join(tmpdir(), "pillion-no-such-file") })).settings

test("the settings that come with the unit are the defaults", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../deploy/systemd/pillion.env")).text()
  const lines = [...text.matchAll(/^#(PILLION_[A-Z_]+)=(.*)$/gm)].filter(([, name]) => name !== "PILLION_CONFIG")
  expect(lines.length).toBeGreaterThan(5)
  expect(loaded(Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value])))).toEqual(loaded({}))
})

needs(
  "root",
  "namespace",
  "systemd-analyze",
  "curl",
)(
  "a real systemd starts, reloads, watches and stops it by the unit",
  async () => {
    await using systemd = await bootSystemd()
    expect(await systemd.property("StatusText")).toBe("inbound on 4143, outbound on 4140, connections: 0")
    const pid = await systemd.property("MainPID")

    // All that the unit forbids is forbidden while these pass: looking up a name, connecting, knowing its own addresses.
    await systemd.workload("http:80")
    const fetched = async (...arguments_: ReadonlyArray<string>) =>
      (await systemd.run("curl", "--silent", "--show-error", "--max-time", "10", ...arguments_)).stdout
    const outbound = ["--proxy", "http://127.0.0.1:4140"]
    expect(await fetched("http://127.0.0.1:4143/in")).toBe("port 80: GET /in for 127.0.0.1:4143")
    expect(await fetched(...outbound, "http://localhost/out")).toBe("port 80: GET /out for localhost")
    expect(await fetched(...outbound, "http://localhost:4145/")).toBe("pillion: this destination is the proxy itself\n")
    const status = (await systemd.run("cat", `/proc/${pid}/status`)).stdout
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(status).toMatch(/^Seccomp:\t2$/m)
    expect(status).not.toMatch(/^Uid:\t0/m)

    expect((await systemd.run("systemctl", "reload", "pillion")).code).toBe(0)
    await systemd.until("ActiveState", "active")
    expect(await systemd.property("MainPID")).toBe(pid)

    // A process that hangs: stopped, it cannot tell the watchdog that it lives.
    const dropin =
      "mkdir -p /run/systemd/system/pillion.service.d && printf '[Service]\\nWatchdogSec=3\\n' >$_/watch.conf"
    expect((await systemd.run("bash", "-c", `${dropin} && systemctl daemon-reload`)).code).toBe(0)
    expect((await systemd.run("systemctl", "restart", "pillion")).code).toBe(0)
    await systemd.run("kill", "-STOP", await systemd.property("MainPID"))
    await systemd.until("NRestarts", "1")
    await systemd.until("ActiveState", "active")

    expect((await systemd.run("systemctl", "stop", "pillion")).code).toBe(0)
    expect(await systemd.property("ActiveState")).toBe("inactive")
    expect([await systemd.property("Result"), await systemd.property("ExecMainStatus")]).toEqual(["success", "0"])
    const log = (await systemd.run("cat", "/run/pillion.log")).stdout
    expect(log).not.toMatch(/unhandled|uncaught|defect/i)
  },
  60_000,
)
