/** The Kubernetes example: what it says agrees with what the executable does. */
import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { formatAnnotations } from "../support/annotations-file.ts"
import { pillion, startPillion } from "../support/pillion.ts"

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Container {
  readonly name: string
  readonly restartPolicy?: string
  readonly env?: ReadonlyArray<{ readonly name: string; readonly value: string }>
  readonly ports: ReadonlyArray<{ readonly name: string; readonly containerPort: number }>
  readonly startupProbe: Probe
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: ReadonlyArray<{ readonly name: string; readonly mountPath: string }>
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly securityContext: Readonly<Record<string, unknown>>
        readonly initContainers: readonly [Container]
        readonly containers: readonly [Container]
      }
    }
  }
}

interface Service {
  readonly spec: { readonly ports: readonly [{ readonly targetPort: string }] }
}

const text = await Bun.file(join(import.meta.dir, "../../deploy/kubernetes/sidecar.yaml")).text()
const [deployment, service] = Bun.YAML.parse(text) as readonly [Deployment, Service]
const { metadata, spec } = deployment.spec.template
const [sidecar] = spec.initContainers
const [workload] = spec.containers

/** The values that hold with the annotations of the example. */
const settings = async (): Promise<ReadonlyMap<string, { readonly value: unknown; readonly origin: string }>> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const file = join(folder, "annotations")
    await Bun.write(file, formatAnnotations(metadata.annotations))
    const checked = await pillion(["check-config", "--json", `--annotations-file=${file}`])
    expect(checked).toMatchObject({ code: 0, stderr: "" })
    const lines: ReadonlyArray<{ option: string; value: unknown; origin: string }> = JSON.parse(checked.stdout)
    return new Map(lines.map((line) => [line.option, line]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test("every annotation is one that Pillion knows and takes, and its ports are the container's", async () => {
  const values = await settings()
  const named = Object.keys(metadata.annotations).filter((name) => name.startsWith("sidecar."))
  expect([...values.values()].filter(({ origin }) => origin.startsWith("annotation ")).length).toBe(named.length)
  const port = (name: string) => sidecar.ports.find((each) => each.name === name)?.containerPort
  expect(port("proxy-in")).toBe(Number(values.get("proxy-in-port")?.value))
  expect(port("pillion-health")).toBe(Number(values.get("health-port")?.value))
  expect(sidecar.ports.map(({ name }) => name)).toContain(service.spec.ports[0].targetPort)
  const drain = Number.parseInt(String(values.get("drain-timeout")?.value), 10)
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(drain)
})

test("every probe asks for what the health listener answers", async () => {
  await using running = await startPillion()
  for (const { httpGet } of [sidecar.startupProbe, sidecar.readinessProbe, sidecar.livenessProbe]) {
    expect(httpGet.port).toBe("pillion-health")
    expect(await running.health(httpGet.path)).toBe(200)
  }
})

test("it is a native sidecar without privileges that reads its annotations where they are mounted", () => {
  expect(sidecar.restartPolicy).toBe("Always")
  expect(spec.securityContext).toEqual({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } })
  expect(sidecar.securityContext).toEqual({
    runAsUser: 65_532,
    runAsGroup: 65_532,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  })
  expect(sidecar.volumeMounts[0]?.mountPath).toBe("/etc/podinfo")
})

test("the workload is told what `pillion env go --k8s` prints", async () => {
  const printed = await pillion(["env", "go", "--k8s"])
  expect(workload.env).toEqual((Bun.YAML.parse(printed.stdout) as { env: typeof workload.env }).env)
})
