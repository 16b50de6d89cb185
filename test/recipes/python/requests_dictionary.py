"""The document's dictionary of proxies, given to requests."""

import sys

import requests

proxies = {"http": "http://localhost:4140", "https": "http://localhost:4140"}
for url in sys.argv[1:]:
    answer = requests.get(url, proxies=proxies)
    answer.raise_for_status()
    print(answer.text, end="")
