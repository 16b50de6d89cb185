"""For mitmdump: a line of JSON for each flow that it reads, of what another program wrote."""

import json

from mitmproxy import http


def response(flow: http.HTTPFlow) -> None:
    line = {
        "method": flow.request.method,
        "url": flow.request.url,
        "status": flow.response.status_code,
        "sent": len(flow.request.raw_content or b""),
        "received": len(flow.response.raw_content or b""),
    }
    print(json.dumps(line), flush=True)
