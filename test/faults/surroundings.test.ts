/** Surroundings as containers and operators make them: nothing to read, nothing to write, stopped, without a workload. */
import { expect, test } from "bun:test"
import { unusedPort } from "../../scripts/unused-port.ts"
import { ask, openTunnel } from "../support/clients.ts"
import { idleShare } from "../support/cost.ts"
import { field, readResponse, status } from "../support/http.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { pillion, startPillion } from "../support/pillion.ts"
import { Lines } from "../support/process.ts"

/**
 * A root as an image without distribution has it: the executable, the libraries it is linked to, /proc, and nothing
 * else; read-only but for the folder of the ports file. The last argument names that.
 */
const emptyRoot = `
  root=/mnt
  mount -t tmpfs none $root
  for last; do :; done
  folder=$(dirname "\${last#--ports-file=}")
  mkdir -p $root/proc "$root$folder" "$root$(dirname "$1")"
  mount --rbind /proc $root/proc
  mount --bind "$folder" "$root$folder"
  touch "$root$1"
  mount --bind "$1" "$root$1"
  for library in $(ldd "$1" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp "$library" "$root$library"
  done
  mount -o remount,ro,bind $root
  cd $root
  exec chroot $root "$@"
`

needs("namespace")(
  "in a read-only root without /etc it carries traffic in and out, and says so of names",
  async () => {
    const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
    using server = await echo()
    await using running = await startPillion({
      flags: ["--proxy-protocol=tcp:http", `--proxy-port=${server.port}`, "--dial-timeout=2s"],
      wrapper: ["unshare", ...user, "--mount", "--", "sh", "-ec", emptyRoot, "sh"],
    })
    expect(await running.health("/readyz")).toBe(200)
    // Inbound goes to localhost, which nothing here could look up.
    using inbound = await openTunnel("tcp", running.ports.in, 0)
    using outbound = await openTunnel("socks5", running.ports.out, server.port)
    using byName = await openTunnel("socks4a", running.ports.out, server.port, "localhost")
    for (const tunnel of [inbound, outbound, byName]) {
      tunnel.send("alive").end()
      expect((await tunnel.readToEnd()).toString()).toBe("alive")
    }
    using client = await rawConnect(running.ports.out)
    expect(await ask(client, "socks5", "nowhere.test", 80)).toBe(4)
    client.end()
    expect(await running.stop()).toBe(0)
  },
  20_000,
)

test("stopped and continued, it keeps its tunnels, closes what had its time once, and is quiet again", async () => {
  using server = await echo()
  using web = await httpOrigin()
  await using running = await startPillion({ flags: ["--keep-alive-timeout=1s", "--handshake-timeout=1s"] })
  using tunnel = await openTunnel("connect", running.ports.out, server.port)
  using idle = await rawConnect(running.ports.out)
  idle.send(`GET http://${web.authority}/ HTTP/1.1\r\nHost: ${web.authority}\r\n\r\n`)
  expect(status(await readResponse(idle))).toBe(200)
  using silent = await rawConnect(running.ports.out)
  process.kill(running.pid, "SIGSTOP")
  tunnel.send("sent meanwhile")
  // Longer than every deadline: they are all due when it goes on.
  await Bun.sleep(2500)
  expect(idle.ended || silent.ended).toBe(false)
  process.kill(running.pid, "SIGCONT")
  await tunnel.expect("sent meanwhile")
  expect([await idle.untilOver(), await silent.untilOver()]).toEqual(["end", "end"])
  idle.end()
  silent.end()
  tunnel.send("and after").end()
  expect((await tunnel.readToEnd()).toString()).toBe("and after")
  await running.waitForLog((line) => line["protocol"] === "connect")
  await running.lineOf(silent)
  // One line for each of them, and no second one later.
  expect(await idleShare(running.pid)).toBeLessThan(0.1)
  expect(running.log.length).toBe(3)
}, 20_000)

test("an origin that is killed is a 502 for a request that waits, and an end for a tunnel", async () => {
  const script = `const server = require("node:net").createServer({ allowHalfOpen: true }, (socket) => {
      socket.on("data", () => console.log("asked"))
    })
    server.listen(0, "127.0.0.1", () => console.log(server.address().port))`
  const child = Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stdout: "pipe", stderr: "inherit" })
  try {
    const said = new Lines(child.stdout)
    const port = await said.until((line) => Number(line) || undefined, "port")
    await using running = await startPillion()
    using tunnel = await openTunnel("socks5", running.ports.out, port)
    using asking = await rawConnect(running.ports.out)
    asking.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await said.until((line) => line === "asked" || undefined, "word of the request")
    child.kill("SIGKILL")
    const response = await readResponse(asking)
    expect([status(response), field(response, "Proxy-Status")]).toEqual([
      502,
      expect.stringMatching(/error=connection_(terminated|refused)/),
    ])
    await tunnel.untilOver()
    tunnel.end()
  } finally {
    child.kill("SIGKILL")
  }
})

test("a workload that is named, gone, and back again is found by the next connection", async () => {
  const port = unusedPort()
  await using running = await startPillion({
    flags: [
      "--proxy-type=reverse",
      "--proxy-protocol=tcp",
      "--proxy-host=workload.test",
      "--proxy-port=80",
      `--resolve=workload.test:80=127.0.0.1:${port}`,
    ],
  })
  using before = await rawConnect(running.ports.in)
  await before.untilReset()
  for (let i = 0; i < 2; i++) {
    const workload = Bun.listen({
      hostname: "127.0.0.1",
      port,
      socket: { data: (socket, chunk) => void socket.end(chunk) },
    })
    try {
      using during = await rawConnect(running.ports.in)
      during.send("back")
      expect((await during.readToEnd()).toString()).toBe("back")
    } finally {
      workload.stop(true)
    }
    using after = await rawConnect(running.ports.in)
    await after.untilReset()
  }
})

test("what Bun would take from the environment is refused or has no effect", async () => {
  using web = await httpOrigin(() => ok("served"))
  const listen = unusedPort()
  for (const env of [
    { BUN_INSPECT: `ws://127.0.0.1:${listen}/x` },
    { BUN_OPTIONS: "--preload /nonexistent.ts" },
    { NODE_OPTIONS: "--require /nonexistent.js", NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    { BUN_CONFIG_VERBOSE_FETCH: "curl", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "/proc", TMPDIR: "/nonexistent" },
  ] satisfies ReadonlyArray<Record<string, string>>) {
    const output = await pillion(["version"], { env })
    // A start that is refused runs nothing; one that succeeds is not changed.
    if (output.code !== 0) continue
    expect(output.stdout).toStartWith("pillion ")
    await using running = await startPillion({ env })
    await expect(rawConnect(listen)).rejects.toThrow("ECONNREFUSED")
    using client = await rawConnect(running.ports.out)
    client.send(`GET http://${web.authority}/ HTTP/1.1\r\nHost: ${web.authority}\r\n\r\n`)
    expect((await readResponse(client)).body).toBe("served")
  }
})

/** Every listener, as it is taken away. */
const listeners = ["proxy-in-port", "proxy-out-port", "health-port", "admin-port"]

for (const name of listeners) {
  test(`${name} in use ends the start with 69 and one line that names it`, async () => {
    using taken = await echo()
    const flags = listeners.map((each) => `--${each}=${each === name ? taken.port : 0}`)
    const { code, stdout, stderr } = await pillion(["run", ...flags])
    expect([code, stdout, stderr.trimEnd().split("\n").length]).toEqual([69, "", 1])
    expect(stderr).toContain(`${taken.port}`)
    expect(stderr).toContain(name.replace(/-port$/, ""))
  })
}

test("an address that is not of this machine ends the start with 69, two listeners on one port with 78", async () => {
  const free = ["--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
  const foreign = await pillion(["run", "--proxy-in-port=0", ...free, "--proxy-in-bind=192.0.2.1"])
  expect([foreign.code, foreign.stdout, foreign.stderr.trimEnd().split("\n").length]).toEqual([69, "", 1])
  expect(foreign.stderr).toContain("192.0.2.1")
  const twice = await pillion(["run", "--proxy-in-port=15001", "--proxy-out-port=15001"])
  expect([twice.code, twice.stdout, twice.stderr.trimEnd().split("\n").length]).toEqual([78, "", 1])
  expect(twice.stderr).toContain("15001")
})
