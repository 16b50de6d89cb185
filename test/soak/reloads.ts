/**
 * Reloads: SIGHUP after SIGHUP under load, with changed settings, and now and then with a file that must be refused.
 */
import { parseMetrics } from "../support/metrics.ts"
import type { Pillion } from "../support/pillion.ts"
import { configuration, headFields, type Report, type Servers } from "./ground.ts"
import { attempt } from "./tally.ts"

const reloadEvery = 2000
const patience = 10_000

const settled = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  const until = performance.now() + patience
  while (!(await look())) {
    if (performance.now() > until) throw new Error(`no ${what} within ${patience} ms`)
    await Bun.sleep(20)
  }
}

const json = async (port: number, path: string): Promise<unknown> =>
  await (await fetch(`http://127.0.0.1:${port}${path}`, { proxy: "" })).json()

/** The value of an option that tells which of the two sets of settings is in force. */
const fieldsInForce = async ({ ports }: Pillion): Promise<number> => {
  const settings = (await json(ports.admin, "/config")) as ReadonlyArray<{ option: string; value: unknown }>
  return Number(settings.find(({ option }) => option === "max-head-fields")?.value)
}

const failures = async ({ ports }: Pillion): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${ports.health}/metrics`, { proxy: "" })).text()
  return parseMetrics(text).samples.get('pillion_config_reloads_total{result="failure"}') ?? 0
}

/** Reloads until the signal, at least twice; leaves the first of the two sets of settings in force. */
export const reloads = async (
  pillion: Pillion,
  servers: Servers,
  file: string,
  report: Report,
  stop: AbortSignal,
): Promise<void> => {
  const change = (which: 0 | 1) => async (): Promise<void> => {
    await Bun.write(file, configuration(servers, which))
    pillion.reload()
    await settled(`change of settings after SIGHUP`, async () => (await fieldsInForce(pillion)) === headFields(which))
  }
  const refuse = async (): Promise<void> => {
    const before = { failures: await failures(pillion), fields: await fieldsInForce(pillion) }
    await Bun.write(file, '{"max-head-fields": "many"}')
    pillion.reload()
    await settled("refusal of a bad file", async () => (await failures(pillion)) > before.failures)
    if ((await fieldsInForce(pillion)) !== before.fields) throw new Error("a bad file has changed the settings")
  }
  do {
    await attempt(report, "reload, changed settings", change(1))
    await Bun.sleep(reloadEvery)
    await attempt(report, "reload, bad file", refuse)
    await attempt(report, "reload, changed settings", change(0))
    if (!stop.aborted) await Bun.sleep(reloadEvery)
  } while (!stop.aborted)
}
