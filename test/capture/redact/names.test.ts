import { expect, test } from "bun:test"

import { judgeName, judgeQueryName, secretNames, wordsOf } from "../../../src/capture/redact/names.ts"

test("a name is its words, however they are put together", () => {
  for (const name of ["x-api-key", "X_Api_Key", "xApiKey", "x.api key", "x[api][key]"]) {
    expect([name, wordsOf(name)]).toEqual([name, ["x", "api", "key"]])
  }
})

test("names of secrets are found in any case and spelling", () => {
  for (const name of (
    "authorization Proxy-Authorization cookie Set-Cookie x-api-key apikey ApiKey X-Auth-Token x-amz-security-token " +
    "x-csrf-token X-XSRF-TOKEN password user[password] newPassword PGPASSWORD passwd passphrase pass_phrase pwd secret " +
    "client_secret clientsecret ClientSecret access_token accessToken accesstoken csrfmiddlewaretoken tokens credential " +
    "credentials private-key privateKey AWSAccessKeyId session session_id sessionId JSESSIONID PHPSESSID connect.sid SID " +
    "signature X-Amz-Signature sig otp pin PIN_CODE cvv cvc card-cvc ssn wsse:Password secret_key"
  ).split(" ")) {
    expect([name, judgeName(name)]).toEqual([name, "secret"])
  }
})

test("other names are not, though they hold the letters", () => {
  for (const name of (
    "inside residence spinning pinned option cottage design signatureless key keys monkey author authorize cookies_policy " +
    "passenger pass compass tokenizer secretary sidecar possession x-request-id content-type"
  ).split(" ")) {
    expect([name, judgeName(name)]).toEqual([name, "unknown"])
  }
})

test("counts, kinds, times and pages are known to be no secrets", () => {
  for (const name of (
    "max_tokens maxTokens max_completion_tokens prompt_tokens token_type tokenType token_count next_page_token " +
    "nextPageToken pageToken continuationToken expires_in access_token_expires_in token_endpoint"
  ).split(" ")) {
    expect([name, judgeName(name)]).toEqual([name, "plain"])
  }
})

test("key is a secret in a query alone", () => {
  expect(judgeQueryName("key")).toBe("secret")
  expect(judgeQueryName("Key")).toBe("secret")
  expect(judgeQueryName("monkey")).toBe("unknown")
  expect(judgeQueryName("token")).toBe("secret")
})

test("every row finds its own name, and a very long name is judged by both its ends", () => {
  for (const { name, match } of secretNames) {
    expect([name, match === "query" ? judgeQueryName(name) : judgeName(name)]).toEqual([name, "secret"])
    expect([name, (match === "query" ? judgeQueryName : judgeName)(name.replaceAll("-", ""))]).toEqual([name, "secret"])
  }
  expect(judgeName(`${"a".repeat(100_000)}_password`)).toBe("secret")
  expect(judgeName(`password_${"a".repeat(100_000)}`)).toBe("secret")
})
