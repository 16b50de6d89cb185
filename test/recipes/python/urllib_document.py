"""The dictionary of proxies as the document gives it to urlopen(), which has no such argument."""

import sys
import urllib.request

for url in sys.argv[1:]:
    urllib.request.urlopen(
        url,
        proxies={
            "http": "http://localhost:4140",
            "https": "http://localhost:4140",
        },
    )
