#!/usr/bin/env python3
"""HTTP GET over a raw socket: HTTP/1.0 and 1.1 with Connection: close, read until the end."""
import socket
import sys

for version in ("1.0", "1.1"):
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) as connection:
        connection.sendall(f"GET / HTTP/{version}\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    assert lines[0].split()[1] == "200", lines[0]
    assert len(body) == int(fields["content-length"]) == 13, (fields, body)
print("good")
