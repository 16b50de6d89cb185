"""The dictionary of proxies as urllib.request takes it: by ProxyHandler."""

import sys
import urllib.request

proxies = urllib.request.ProxyHandler({"http": "http://localhost:4140", "https": "http://localhost:4140"})
opener = urllib.request.build_opener(proxies)
for url in sys.argv[1:]:
    with opener.open(url) as answer:
        print(answer.read().decode(), end="")
