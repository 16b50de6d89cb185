"""Asks for each URL by urllib.request, and prints the answers."""

import sys
import urllib.request

for url in sys.argv[1:]:
    with urllib.request.urlopen(url) as answer:
        print(answer.read().decode(), end="")
