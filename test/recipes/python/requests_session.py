"""Asks for each URL by one session of requests, and prints the answers."""

import sys

import requests

with requests.Session() as session:
    for url in sys.argv[1:]:
        answer = session.get(url)
        answer.raise_for_status()
        print(answer.text, end="")
