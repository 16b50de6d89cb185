/**
 * What deploy/monitoring ships: rules and alerts by Prometheus' own checker and unit tests, and every query of the
 * dashboard asked of a Prometheus that scrapes a running Pillion.
 */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { unusedPort } from "../../scripts/unused-port.ts"
import { allFamilies } from "../../src/observe/metrics/metrics-table.ts"
import { openTunnel } from "../support/clients.ts"
import { readResponse } from "../support/http.ts"
import { needs } from "../support/needs.ts"
import { echo, httpOrigin, ok } from "../support/origins.ts"
import { rawConnect } from "../support/peer.ts"
import { type Pillion, startPillion } from "../support/pillion.ts"
import { Lines, runCommand } from "../support/process.ts"

const folder = join(import.meta.dir, "../../deploy/monitoring")
const read = (name: string): Promise<string> => Bun.file(join(folder, name)).text()

interface Rules {
  readonly groups: ReadonlyArray<{
    readonly rules: ReadonlyArray<{ readonly record?: string; readonly alert?: string; readonly expr: string }>
  }>
}

interface Dashboard {
  readonly panels: ReadonlyArray<{
    readonly title: string
    readonly targets?: ReadonlyArray<{ readonly expr: string }>
  }>
}

const rules = (Bun.YAML.parse(await read("rules.yaml")) as Rules).groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(await read("dashboard.json")) as Dashboard
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))

needs("promtool")(
  "the rules are rules, and every alert is raised by what it names and by nothing else",
  async () => {
    for (const command of [
      ["check", "rules", join(folder, "rules.yaml")],
      ["check", "config", "--lint=none", join(folder, "prometheus.yaml")],
      ["test", "rules", ...["alerts", "alerts-of-days"].map((name) => join(import.meta.dir, `${name}.yaml`))],
    ]) {
      const { code, stdout, stderr } = await runCommand(["promtool", ...command], { milliseconds: 60_000 })
      expect([code, code === 0 ? "" : stdout + stderr]).toEqual([0, ""])
    }
  },
  60_000,
)

test("every alert has a unit test in which it is raised, and stands in the document", async () => {
  const raised = new Set<string>()
  for (const name of ["alerts", "alerts-of-days"]) {
    const { tests } = Bun.YAML.parse(await Bun.file(join(import.meta.dir, `${name}.yaml`)).text()) as AlertTests
    for (const { alertname, exp_alerts } of tests.flatMap((each) => each.alert_rule_test ?? [])) {
      if (exp_alerts.length > 0) raised.add(alertname)
    }
  }
  const alerts = rules.flatMap(({ alert }) => alert ?? [])
  expect([...raised].toSorted()).toEqual(alerts.toSorted())
  const document = await Bun.file(join(import.meta.dir, "../../docs/metrics.md")).text()
  expect(alerts.filter((alert) => !document.includes(`\`${alert}\``))).toEqual([])
})

interface AlertTests {
  readonly tests: ReadonlyArray<{
    readonly alert_rule_test?: ReadonlyArray<{
      readonly alertname: string
      readonly exp_alerts: ReadonlyArray<unknown>
    }>
  }>
}

test("rules and dashboard ask for nothing but what there is", () => {
  const recorded = rules.flatMap(({ record }) => record ?? [])
  const known = new Set([
    ...recorded,
    ...allFamilies.flatMap(({ name, type }) => (type === "histogram" ? [`${name}_bucket`] : [name])),
  ])
  const asked = [...rules, ...queries].flatMap(
    ({ expr }) => expr.match(/\b(?:\w+:)?(?:pillion|process)[_:][\w:]+/g) ?? [],
  )
  expect(asked.length).toBeGreaterThan(queries.length)
  expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([])
})

test("the examples name files that are there", async () => {
  const { services } = Bun.YAML.parse(await read("compose.yaml")) as Compose
  const mounted = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
  const { configMapGenerator } = Bun.YAML.parse(await read("kustomization.yaml")) as Kustomization
  const generated = configMapGenerator.flatMap(({ files }) => files.map((file) => file.split("=")[1] ?? ""))
  expect(mounted.length + generated.length).toBe(5)
  for (const name of [...mounted, ...generated]) expect(await Bun.file(join(folder, name)).exists()).toBe(true)
})

interface Compose {
  readonly services: Readonly<Record<string, { readonly volumes: ReadonlyArray<string> }>>
}

interface Kustomization {
  readonly configMapGenerator: ReadonlyArray<{ readonly files: ReadonlyArray<string> }>
}

/** A Prometheus with our rules that scrapes these targets twice a second. */
const startPrometheus = async (targets: ReadonlyArray<string>) => {
  const data = await mkdtemp(join(tmpdir(), "pillion-prometheus-"))
  const configuration = join(data, "prometheus.json")
  await Bun.write(
    configuration,
    JSON.stringify({
      global: { scrape_interval: "500ms", evaluation_interval: "500ms" },
      rule_files: [join(folder, "rules.yaml")],
      scrape_configs: [{ job_name: "pillion", static_configs: [{ targets }] }],
    }),
  )
  const address = `127.0.0.1:${unusedPort()}`
  const flags = [`--config.file=${configuration}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`]
  const child = Bun.spawn(["prometheus", ...flags], { stdin: "ignore", stdout: "ignore", stderr: "pipe" })
  const said = new Lines(child.stderr)
  await said.until((line) => (line.includes("ready to receive") ? line : undefined), "readiness", 20_000)
  return {
    /** The values that a query has now. */
    ask: async (query: string): Promise<ReadonlyArray<number>> => {
      const url = `http://${address}/api/v1/query?query=${encodeURIComponent(query)}`
      const answer = (await (await fetch(url, { proxy: "" })).json()) as Answer
      if (answer.status !== "success") throw new Error(`${query}: ${answer.error}`)
      return answer.data.result.map(({ value }) => Number(value[1]))
    },
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
      await rm(data, { recursive: true, force: true })
    },
  }
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: ReadonlyArray<{ readonly value: readonly [number, string] }> }
}

/** A little of everything: requests in both directions that succeed and fail, a tunnel, a refusal, a health check. */
const traffic = async ({ ports }: Pillion, web: string, tunnelPort: number, nobody: number): Promise<void> => {
  const rest = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
  for (const [port, request] of [
    [ports.out, `GET http://${web}/a ${rest}\r\n`],
    [ports.out, `GET http://${web}/bad ${rest}\r\n`],
    [ports.out, `POST http://${web}/a ${rest}Content-Length: 3\r\n\r\nabc`],
    [ports.out, `GET http://127.0.0.1:${nobody}/ ${rest}\r\n`],
    [ports.in, `GET /a ${rest}\r\n`],
    [ports.in, `GET /bad ${rest}\r\n`],
    [ports.in, `GET /health ${rest}User-Agent: kube-probe/1.31\r\n\r\n`],
  ] as const) {
    using client = await rawConnect(port)
    client.send(request)
    await readResponse(client)
  }
  using tunnel = await openTunnel("connect", ports.out, tunnelPort)
  tunnel.send("hello")
  await tunnel.expect("hello")
}

needs("prometheus")(
  "every query of the dashboard gets an answer from a Prometheus that scrapes a proxy which is used",
  async () => {
    using server = await httpOrigin(({ line }) =>
      line.includes("/bad") ? "HTTP/1.1 503 Not Now\r\nContent-Length: 0\r\n\r\n" : ok("fine"),
    )
    using tunnelled = await echo()
    await using running = await startPillion({ flags: [`--proxy-port=${server.port}`, "--capture=memory"] })
    await using prometheus = await startPrometheus([`127.0.0.1:${running.ports.health}`])
    const nobody = unusedPort()
    const asked = queries.map(({ title, expr }) => ({
      title,
      expr: expr.replaceAll("$job", ".*").replaceAll("$instance", ".*").replaceAll("$__rate_interval", "10s"),
    }))
    const unanswered = async (): Promise<ReadonlyArray<string>> => {
      const answers = await Promise.all(asked.map(({ expr }) => prometheus.ask(expr)))
      return asked.flatMap(({ title, expr }, i) =>
        answers[i]!.some((value) => !Number.isNaN(value)) ? [] : [`${title}: ${expr}`],
      )
    }
    let left = await unanswered()
    const deadline = performance.now() + 60_000
    while (left.length > 0 && performance.now() < deadline) {
      await traffic(running, server.authority, tunnelled.port, nobody)
      left = await unanswered()
    }
    expect(left).toEqual([])
    // What was counted, and not a zero that stands for everything.
    expect(Math.max(...(await prometheus.ask("destination:pillion_failed_requests:ratio5m")))).toBeGreaterThan(0.3)
  },
  120_000,
)
