/**
 * Samples: a text of every format in which secrets are looked for, with shapes of all kinds. They hold nothing that is
 * anybody's.
 */

/** Texts by their types. */
export const samples: ReadonlyArray<readonly [type: string, text: string]> = [
  ["application/json", '{"a":{"token":"x","list":[1,"{\\"b\\":2}","http://u:p@h/?key=v"]}}'],
  ["application/x-www-form-urlencoded", "a=%7B%22b%22%3A1%7D&password=x+y%20z"],
  ["multipart/form-data; boundary=B", '--B\r\nContent-Disposition: form-data; name="pin"\r\n\r\n1\r\n--B--\r\n'],
  ["text/event-stream", 'event: a\ndata: {"token":\ndata: "x"}\n\n'],
  ["application/xml", '<a token="x"><b>&lt;c</b><![CDATA[d]]><!-- e --></a>'],
  ["text/html", '<input name="password" value="x"><a href="/?token=y">z</a><script>{"a":1}</script>'],
  [
    "text/plain",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0. AKIAIOSFODNN7EXAMPLE 4111111111111111 a@b.example +1 555 123 4567 10.0.0.1 ::1",
  ],
]
