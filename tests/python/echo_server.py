#!/usr/bin/env python3
"""A plain echo server: one client after the other, 1024 bytes at a time. tcp, or udp with "udp"."""
import socket
import sys

kind = socket.SOCK_DGRAM if sys.argv[1:] == ["udp"] else socket.SOCK_STREAM
with socket.socket(socket.AF_INET, kind) as server:
    server.bind(("127.0.0.1", 0))
    if kind == socket.SOCK_STREAM:
        server.listen()
    print(server.getsockname()[1], flush=True)
    while kind == socket.SOCK_DGRAM:
        data, address = server.recvfrom(65535)
        server.sendto(data, address)
    while True:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)
