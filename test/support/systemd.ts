/**
 * Systemd: a real one, process 1 of namespaces of its own, that runs the executable by the unit that is shipped. It sees
 * this machine's files and none of its processes, networks or services. Needs root.
 */
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { Lines, type Output, runCommand } from "./process.ts"
import { eventually } from "./within.ts"

export const unit = join(import.meta.dir, "../../deploy/systemd/pillion.service")

export class Systemd {
  private readonly child: Bun.Subprocess
  private readonly group: string
  private readonly workloads: Array<Bun.Subprocess> = []

  constructor(child: Bun.Subprocess, group: string) {
    this.child = child
    this.group = group
  }

  /** Runs a command where systemd runs. */
  run(...command: ReadonlyArray<string>): Promise<Output> {
    const { pid } = this.child
    const enter = ["nsenter", `--target=${pid}`, "--mount", "--net", `--pid=/proc/${pid}/ns/pid_for_children`, "--"]
    return runCommand([...enter, ...command], { milliseconds: 20_000 })
  }

  /** Starts `workload.ts` on systemd's network with these servers, and waits until they listen. */
  async workload(...servers: ReadonlyArray<string>): Promise<void> {
    const script = join(import.meta.dir, "workload.ts")
    const child = Bun.spawn(
      ["nsenter", `--target=${this.child.pid}`, "--net", "--", process.execPath, script, ...servers],
      { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
    )
    this.workloads.push(child)
    await new Lines(child.stdout).until((line) => line === "ready" || undefined, "ready from the workload")
  }

  /** What systemd knows of the service by this name: `ActiveState`, `StatusText`, `MainPID`, ... */
  async property(name: string): Promise<string> {
    return (await this.run("systemctl", "show", `--property=${name}`, "--value", "pillion")).stdout.trim()
  }

  /** Waits until the property has this value. */
  until(name: string, wanted: string): Promise<void> {
    return eventually(() => this.property(name), wanted, name, 15_000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.child, ...this.workloads]) {
      child.kill("SIGKILL")
      await child.exited
    }
    const remove = `mount -t cgroup2 none /sys/fs/cgroup && find /sys/fs/cgroup/${this.group} -depth -type d -delete`
    const removed = () => runCommand(["unshare", "--mount", "--", "sh", "-c", remove])
    // Its processes are dying, and leave their groups one by one.
    await eventually(async () => (await removed()).code, 0, "end of removing control groups")
  }
}

/** Boots it, and waits until the service is as systemd wants it. */
export const bootSystemd = async (): Promise<Systemd> => {
  const group = `pillion-test-${process.pid}`
  const script = join(import.meta.dir, "boot-systemd.sh")
  const isolated = "unshare --mount --pid --net --uts --fork --kill-child -- sh".split(" ")
  const command = [...isolated, script, unit, await build(), group]
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "inherit" })
  const systemd = new Systemd(child, group)
  try {
    await systemd.until("ActiveState", "active")
    return systemd
  } catch (cause) {
    await systemd[Symbol.asyncDispose]()
    throw cause
  }
}
