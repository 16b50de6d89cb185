/** Records as a capture has them, for the tests of what reads them. */
import type {
  ExchangeRecord,
  FieldList,
  RecordedBody,
  RecordedRequest,
  RecordedResponse,
  SocketRecord,
} from "../../src/capture/record.ts"

/** The example of the documents: a request for a payment, its secrets replaced. */
export const charge: ExchangeRecord = {
  v: 1,
  id: "019b2f6e-1c30-7a41-9d52-6a0f3b7c11e4",
  kind: "exchange",
  started: "2026-11-28T09:30:00.123456Z",
  flow: 12,
  n: 1,
  direction: "outbound",
  client: "127.0.0.1:40112",
  target: "pay.example:443",
  address: "203.0.113.7:443",
  sni: "pay.example",
  cause: { id: "019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa", by: "traceparent" },
  tls: { version: "1.3", cipher: "TLS_AES_128_GCM_SHA256", alpn: "http/1.1", opened: true },
  t_dial: 1.302,
  t_first_byte: 150.811,
  t_total: 152.4,
  bytes_in: 55,
  bytes_out: 55,
  request: {
    line: { method: "POST", target: "/v1/charges?key=tok_4b1d9e77a0c2", version: "1.1" },
    headers: [
      ["Host", "pay.example"],
      ["Authorization", "Bearer tok_9f2c61d3b8aa"],
      ["Content-Type", "application/json"],
      ["Content-Length", "55"],
    ],
    body: {
      size: 55,
      wire: 55,
      type: "application/json",
      text: '{"amount":2000,"card":"4000008812345671","ref":"o-881"}',
    },
  },
  response: {
    line: { version: "1.1", status: 201, reason: "Created" },
    headers: [
      ["Content-Type", "application/json"],
      ["Content-Encoding", "gzip"],
    ],
    body: {
      size: 36,
      wire: 55,
      coding: ["gzip"],
      type: "application/json",
      text: '{"id": "ch_41", "status": "paid now"}',
    },
  },
  redacted: [
    { path: "request.query.key", rule: "name", token: "tok_4b1d9e77a0c2" },
    { path: "request.headers.authorization", rule: "bearer", token: "tok_9f2c61d3b8aa" },
    { path: "request.json.$.card", rule: "card", token: "4000008812345671" },
  ],
}

/** An inbound request without a body, and what an option of it changes. */
export const makeExchange = (parts: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  v: 1,
  id: "019b2f6e-1bf1-7c02-8e11-0c5d2a77b0aa",
  kind: "exchange",
  started: "2026-11-28T09:30:00.061000Z",
  flow: 3,
  n: 1,
  direction: "inbound",
  bytes_in: 0,
  bytes_out: 0,
  request: makeRequest(),
  ...parts,
})

export const makeRequest = (
  parts: Partial<RecordedRequest["line"]> & Partial<RecordedRequest> = {},
): RecordedRequest => {
  const { method = "GET", target = "/", version = "1.1", headers = [["Host", "shop.test"]], ...rest } = parts
  return { line: { method, target, version }, headers, ...rest }
}

export const makeResponse = (status: number, headers: FieldList = [], body?: RecordedBody): RecordedResponse => ({
  line: { version: "1.1", status, reason: status === 200 ? "OK" : "" },
  headers,
  ...(body === undefined ? {} : { body }),
})

/** A body of text, whole. */
export const textBody = (text: string, type = "text/plain"): RecordedBody => {
  const size = new TextEncoder().encode(text).length
  return { size, wire: size, type, text }
}

/** A body of bytes, whole. */
export const binaryBody = (bytes: Uint8Array, type = "application/octet-stream"): RecordedBody => ({
  size: bytes.length,
  wire: bytes.length,
  type,
  base64: bytes.toBase64(),
})

/** A short conversation over a WebSocket. */
export const chat: SocketRecord = {
  v: 1,
  id: "019b2f6e-2000-7abc-8def-00000000c4a7",
  kind: "socket",
  started: "2026-11-28T09:31:00.000000Z",
  flow: 14,
  n: 1,
  direction: "inbound",
  t_first_byte: 2.5,
  t_total: 812.25,
  bytes_in: 40,
  bytes_out: 38,
  request: {
    line: { method: "GET", target: "/chat", version: "1.1" },
    headers: [
      ["Host", "shop.test"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
    ],
  },
  response: {
    line: { version: "1.1", status: 101, reason: "Switching Protocols" },
    headers: [["Upgrade", "websocket"]],
  },
  frames: [
    { t: 12.1, from: "client", op: "text", text: '{"say":"hello"}', size: 15 },
    { t: 20, from: "target", op: "binary", base64: "AAEC", size: 3 },
    { t: 800, from: "client", op: "close", base64: "A+g=", size: 2 },
  ],
  close: { code: 1000, reason: "" },
}
