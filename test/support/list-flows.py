"""For mitmdump: a line of JSON for each flow that it reads, of what another program wrote."""

import json

from mitmproxy import http


def response(flow: http.HTTPFlow) -> None:
    line = {
        "method": flow.request.method,
        "url": flow.request.url,
        "status": flow.response.status_code,
        "sent": len(flow.request.get_content(strict=False) or b""),
        "received": len(flow.response.get_content(strict=False) or b""),
    }
    print(json.dumps(line), flush=True)
