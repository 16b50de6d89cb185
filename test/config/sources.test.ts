import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { read } from "../../src/config/sources.ts"
import { loaded, messageOf, originOf, settingsOf } from "../support/settings.ts"

const limits = { openFiles: 20_000, ownAddresses: [] }

describe("precedence", () => {
  const flags = { "proxy-in-port": "1" }
  const env = { PROXY_IN_PORT: "2" }
  const annotations = { "proxy-in-port": "3" }
  const file = { "proxy-in-port": 4 }
  const command = { "proxy-in-port": "5" }

  test.each([
    [{ flags, env, annotations, file, command }, 1, "flag --proxy-in-port"],
    [{ env, annotations, file, command }, 2, "environment PROXY_IN_PORT"],
    [{ annotations, file, command }, 3, "annotation sidecar.speedscale.com/proxy-in-port in /etc/podinfo/annotations"],
    [{ file, command }, 4, "file x.yaml"],
    [{ command }, 5, "command test"],
    [{}, 4143, "default"],
  ])("%#: flag > environment > annotation > file > command > default", (given, value, origin) => {
    expect(originOf("proxy-in-port", given)).toEqual([value, origin])
  })

  test("only the value that holds is judged: a stronger source overrides a wrong one", () => {
    expect(
      settingsOf({ flags: { "proxy-type": "dual" }, annotations: { "proxy-type": "transparent" } }).proxyType,
    ).toBe("dual")
  })
})

test("every option has a value and an origin, in the order of the table", () => {
  const { origins } = loaded({})
  expect(origins.length).toBe(47)
  expect(origins[0]).toEqual({ option: "proxy-type", value: "dual", origin: "default" })
  expect(new Set(origins.map(({ origin }) => origin))).toEqual(new Set(["default"]))
})

test("nothing given is the dual http sidecar of the documentation", () => {
  expect(settingsOf()).toMatchObject({
    proxyType: "dual",
    proxyProtocol: "http",
    proxyHost: { _tag: "Name", name: "localhost" },
    proxyPort: 80,
    proxyInPort: 4143,
    proxyOutPort: 4140,
    proxyStrict: false,
    healthPort: 4145,
    adminPort: 4100,
    handshakeTimeout: 10_000,
    drainTimeout: 25_000,
    maxConnections: 9968,
    maxHeadBytes: 65536,
    config: undefined,
  })
})

test("when proxy-type is given and proxy-protocol is not, http holds", () => {
  for (const type of ["reverse", "forward", "dual"]) {
    expect(settingsOf({ flags: { "proxy-type": type } })).toMatchObject({ proxyType: type, proxyProtocol: "http" })
  }
})

test("transparent comes later: the error says so and names the three inline types", () => {
  expect(messageOf({ annotations: { "proxy-type": "transparent" } })).toBe(
    'proxy-type "transparent" (annotation sidecar.speedscale.com/proxy-type in /etc/podinfo/annotations) ' +
      "comes in a later version: write reverse, forward or dual, which need no iptables",
  )
})

describe("a wrong value is refused in one line with option, value, origin and what to write", () => {
  test.each([
    [
      { flags: { "proxy-in-port": "80x" } },
      'proxy-in-port "80x" (flag --proxy-in-port) is no port: write a number from 1 to 65535, or 0 for a free one',
    ],
    [
      { env: { REVERSE_PROXY_PORT: "0" } },
      'proxy-port "0" (environment REVERSE_PROXY_PORT) is no port: write a number from 1 to 65535',
    ],
    [
      { env: { PILLION_ADMIN_PORT: "70000" } },
      'admin-port "70000" (environment PILLION_ADMIN_PORT) is no port: write a number from 1 to 65535, or 0 for a free one',
    ],
    [
      { annotations: { "proxy-strict": "yes" } },
      'proxy-strict "yes" (annotation sidecar.speedscale.com/proxy-strict in /etc/podinfo/annotations) is neither true nor false: write true or false',
    ],
    [
      { file: { "dial-timeout": "soon" } },
      'dial-timeout "soon" (file x.yaml) is no duration: write a whole number and ms, s, m or h, for example 500ms or 10s',
    ],
    [
      { annotations: { "proxy-type": "x" } },
      'proxy-type "x" (annotation sidecar.speedscale.com/proxy-type in /etc/podinfo/annotations) is not known: write reverse, forward or dual',
    ],
    [{ flags: { "ports-file": "" } }, 'ports-file "" (flag --ports-file) is empty: write a path'],
  ])("%#", (given, message) => {
    expect(messageOf(given)).toBe(message)
  })

  test("never with the credentials of a URL", () => {
    expect(messageOf({ env: { REVERSE_PROXY_HOST: "https://user:secret@app" } })).not.toContain("secret")
  })
})

describe("flags", () => {
  test("of one option: the last holds", () => {
    const result = read({
      flags: [
        ["proxy-port", "1"],
        ["proxy-port", "2"],
      ],
      env: {},
      limits,
    })
    expect(Result.getOrThrow(result).settings.proxyPort).toBe(2)
  })

  test("of a list add up", () => {
    const result = read({
      flags: [
        ["resolve", "a:1=127.0.0.1:2"],
        ["resolve", "b:3=[::1]:4,c:5=127.0.0.1:6"],
      ],
      env: {},
      limits,
    })
    expect(Result.getOrThrow(result).settings.resolve.map(({ host, toPort }) => [host, toPort])).toEqual([
      ["a", 2],
      ["b", 4],
      ["c", 6],
    ])
  })

  test("a bare boolean flag means true", () => {
    expect(settingsOf({ flags: { "proxy-strict": true } }).proxyStrict).toBe(true)
    expect(settingsOf({ flags: { "access-log": "false" } }).accessLog).toBe(false)
  })
})

describe("the environment", () => {
  test("answers to PILLION_ and the name of every option", () => {
    expect(originOf("proxy-type", { env: { PILLION_PROXY_TYPE: "forward" } })).toEqual([
      "forward",
      "environment PILLION_PROXY_TYPE",
    ])
    expect(originOf("health-port", { env: { PILLION_HEALTH_PORT: "1" } })).toEqual([
      1,
      "environment PILLION_HEALTH_PORT",
    ])
    expect(originOf("health-port", { env: { METRICS_HTTP_PORT: "1" } })).toEqual([1, "environment METRICS_HTTP_PORT"])
  })

  test("where its two names disagree, the PILLION_ one holds and a warning says so", () => {
    const { settings, warnings } = loaded({ env: { PROXY_TYPE: "reverse", PILLION_PROXY_TYPE: "forward" } })
    expect(settings.proxyType).toBe("forward")
    expect(warnings).toEqual([
      'environment PILLION_PROXY_TYPE is "forward" and PROXY_TYPE is "reverse": PILLION_PROXY_TYPE holds',
    ])
  })

  test("where they agree, nothing is said", () => {
    expect(loaded({ env: { PROXY_TYPE: "reverse", PILLION_PROXY_TYPE: " reverse " } }).warnings).toEqual([])
  })

  test("an empty variable is not set", () => {
    expect(originOf("proxy-type", { env: { PROXY_TYPE: " ", PILLION_PROXY_TYPE: "" } })).toEqual(["dual", "default"])
  })

  test("a link to a Kubernetes Service that happens to have an option's name is ignored with a warning", () => {
    const { settings, warnings } = loaded({
      env: { REVERSE_PROXY_PORT: "tcp://10.0.0.1:80", PROXY_IN_PORT: "tcp://[fd00::1]:80" },
    })
    expect(settings).toMatchObject({ proxyPort: 80, proxyInPort: 4143 })
    expect(warnings).toEqual([
      'environment REVERSE_PROXY_PORT is ignored: "tcp://10.0.0.1:80" is a link to a Kubernetes Service',
      'environment PROXY_IN_PORT is ignored: "tcp://[fd00::1]:80" is a link to a Kubernetes Service',
    ])
  })

  test("LOG_LEVEL may have the words of others", () => {
    for (const [word, level] of [
      ["warning", "warn"],
      ["WARN", "warn"],
      ["Trace", "debug"],
      ["fatal", "error"],
      ["notice", "info"],
    ] as const) {
      const { settings, warnings } = loaded({ env: { LOG_LEVEL: word } })
      expect([settings.logLevel, warnings]).toEqual([level, []])
    }
  })

  test("what is no value of LOG_LEVEL or METRICS_HTTP_PORT is ignored with a warning: it may be the workload's", () => {
    const { settings, warnings } = loaded({
      env: { LOG_LEVEL: "7", METRICS_HTTP_PORT: "http" },
      annotations: { "prometheus-port": "9000" },
    })
    expect(settings).toMatchObject({ logLevel: "info", healthPort: 9000 })
    expect(warnings.map((warning) => warning.split(": ", 1)[0])).toEqual([
      "environment METRICS_HTTP_PORT is ignored",
      "environment LOG_LEVEL is ignored",
    ])
  })

  test("beside a program METRICS_HTTP_PORT is the program's; the names that begin with PILLION_ are ours alone", () => {
    const env = { METRICS_HTTP_PORT: "9000" }
    expect(originOf("health-port", { env, besideProgram: true })).toEqual([4145, "default"])
    expect(loaded({ env: { METRICS_HTTP_PORT: "http" }, besideProgram: true }).warnings).toEqual([])
    expect(originOf("health-port", { env: { PILLION_HEALTH_PORT: "1" }, besideProgram: true })[0]).toBe(1)
    expect(settingsOf({ env: { LOG_LEVEL: "warning" }, besideProgram: true }).logLevel).toBe("warn")
    expect(messageOf({ env: { PILLION_LOG_LEVEL: "warning" } })).toContain("PILLION_LOG_LEVEL")
  })

  test("bytes that are not UTF-8 are refused", () => {
    expect(messageOf({ env: { PILLION_PORTS_FILE: "caf\uFFFD" } })).toBe(
      'ports-file "caf\uFFFD" (environment PILLION_PORTS_FILE) holds bytes that are not UTF-8',
    )
  })

  test("variables that are no options are nobody's business", () => {
    expect(loaded({ env: { HTTP_PROXY: "http://x", PILLIONS: "x", TLS_OUT: "true" } }).warnings).toEqual([])
  })

  test("but what begins with PILLION_ and is no option is warned of, with a did-you-mean", () => {
    expect(loaded({ env: { PILLION_POXY_PORT: "8080", PILLION_X: "" } }).warnings).toEqual([
      "environment PILLION_POXY_PORT is not known; did you mean PILLION_PROXY_PORT?",
      "environment PILLION_X is not known",
    ])
  })

  test("what Kubernetes sets for a Service named pillion, or pillion- and more, is no slip of anybody's pen", () => {
    const links = {
      PILLION_SERVICE_HOST: "10.0.0.1",
      PILLION_SERVICE_PORT: "80",
      PILLION_SERVICE_PORT_PROXY_IN: "80",
      PILLION_PORT: "tcp://10.0.0.1:80",
      PILLION_PORT_80_TCP: "tcp://10.0.0.1:80",
      PILLION_PORT_80_TCP_PROTO: "tcp",
      PILLION_PORT_80_TCP_PORT: "80",
      PILLION_PORT_80_TCP_ADDR: "10.0.0.1",
      PILLION_WEBHOOK_PORT_53_UDP: "udp://10.0.0.1:53",
      PILLION_WEBHOOK_SERVICE_HOST: "10.0.0.1",
    }
    expect(loaded({ env: links }).warnings).toEqual([])
  })
})

describe("annotations", () => {
  test("are trimmed, and booleans are taken in any case", () => {
    expect(settingsOf({ annotations: { "proxy-port": " 8080 ", "proxy-strict": "True" } })).toMatchObject({
      proxyPort: 8080,
      proxyStrict: true,
    })
  })

  test("prometheus-port is the health port", () => {
    expect(settingsOf({ annotations: { "prometheus-port": "9090" } }).healthPort).toBe(9090)
  })

  test("an option that has no annotation takes none: admin-port is unknown there", () => {
    const { settings, warnings } = loaded({ annotations: { "admin-port": "1" } })
    expect(settings.adminPort).toBe(4100)
    expect(warnings.length).toBe(1)
  })

  test("that are unknown are warned of, with a did-you-mean", () => {
    expect(loaded({ annotations: { "proxy-tpye": "dual" } }).warnings).toEqual([
      'annotation "sidecar.speedscale.com/proxy-tpye" in /etc/podinfo/annotations is not known; did you mean sidecar.speedscale.com/proxy-type?',
    ])
  })

  test("that are empty are not set: the next source holds", () => {
    const given = { annotations: { "proxy-port": " ", "proxy-host": "" }, file: { "proxy-port": 8080 } }
    expect(loaded(given)).toMatchObject({
      settings: { proxyPort: 8080, proxyHost: { name: "localhost" } },
      warnings: [],
    })
  })

  test("that are documented and without effect are named in one warning; other domains are ignored", () => {
    const idle = { inject: "true", "tls-out": "true", "ignore-src-ips": "*", "capture-mode": "proxy" }
    expect(loaded({ annotations: idle, env: { TLS_OUT_UNWRAP: "true" } }).warnings).toEqual([
      "set without effect: tls-out, TLS_OUT_UNWRAP (TLS is passed on unopened by this version); ignore-src-ips (for " +
        "proxy-type transparent, which this version does not have; other types carry what clients send them)",
    ])
    const text = 'proxy-type="forward"\nexample.com/proxy-type="forward"\nsidecar.istio.io/inject="true"'
    const result = Result.getOrThrow(read({ flags: [], env: {}, annotations: { path: "/a", text }, limits }))
    expect(result.warnings).toEqual([])
    expect(result.settings.proxyType).toBe("dual")
  })

  test("a key that stands twice is warned of, and its last value holds", () => {
    const text = 'sidecar.speedscale.com/proxy-port="1"\nsidecar.speedscale.com/proxy-port="2"'
    const result = Result.getOrThrow(read({ flags: [], env: {}, annotations: { path: "/a", text }, limits }))
    expect(result.settings.proxyPort).toBe(2)
    expect(result.warnings).toEqual([
      'annotations file /a: annotation "sidecar.speedscale.com/proxy-port" stands twice; the one on line 2 holds',
    ])
  })

  test("a malformed file is refused with line and column", () => {
    const error = Result.getOrThrow(
      Result.flip(read({ flags: [], env: {}, annotations: { path: "/a", text: 'a="b' }, limits })),
    )
    expect(error).toMatchObject({
      exitCode: 78,
      message: 'annotations file /a line 1 column 5: expected a double quote (") at the end of the value',
    })
  })

  test("the file that was read stands in the settings", () => {
    expect(originOf("annotations-file", { annotations: {} })).toEqual(["/etc/podinfo/annotations", "default"])
    expect(originOf("annotations-file", {})).toEqual([null, "default"])
  })
})

test("an unknown key of the configuration file is an error", () => {
  expect(messageOf({ file: { "proxy-prt": 1 } })).toBe(
    'file x.yaml holds "proxy-prt", which is no option; did you mean proxy-port?',
  )
})

describe("more connections than open files allow", () => {
  test("are lowered with a warning that says why, and the origin tells", () => {
    const given = { flags: { "max-connections": "50000" } }
    const { settings, warnings } = loaded(given)
    expect(settings.maxConnections).toBe(9968)
    expect(warnings).toEqual([
      "max-connections 50000 (flag --max-connections) is lowered to 9968: the limit of open files is 20000, and a connection needs two",
    ])
    expect(originOf("max-connections", given)).toEqual([9968, "flag --max-connections, lowered from 50000"])
  })

  test("as many as they allow are taken without a word", () => {
    expect(loaded({ flags: { "max-connections": "9968" } })).toMatchObject({
      settings: { maxConnections: 9968 },
      warnings: [],
    })
  })
})

describe("the four examples of the documentation, as annotations", () => {
  test.each([
    [
      { inject: "true", "proxy-type": "dual", "proxy-protocol": "tcp:http", "proxy-port": "8080" },
      { proxyType: "dual", proxyProtocol: "tcp:http", proxyPort: 8080 },
    ],
    [
      { inject: "true", "proxy-type": "forward", "proxy-protocol": "socks" },
      { proxyType: "forward", proxyProtocol: "socks" },
    ],
    [
      { inject: "true", "proxy-type": "reverse", "proxy-protocol": "http", "proxy-port": "8888" },
      { proxyType: "reverse", proxyProtocol: "http", proxyPort: 8888 },
    ],
    [
      {
        inject: "true",
        "proxy-type": "dual",
        "proxy-protocol": "tcp:http",
        "proxy-port": "8080",
        "proxy-in-port": "10000",
        "proxy-out-port": "10001",
      },
      { proxyProtocol: "tcp:http", proxyInPort: 10_000, proxyOutPort: 10_001 },
    ],
  ])("%#", (annotations, expected) => {
    const { settings, warnings } = loaded({ annotations })
    expect(settings).toMatchObject(expected)
    expect(warnings).toEqual([])
  })
})
