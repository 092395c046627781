#!/usr/bin/env python3
"""The client of many a first lesson: sends 20 bytes, reads 10 at a time until all are back."""
import socket
import sys

message = b"twenty bytes exactly"
assert len(message) == 20
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20) as connection:
    for _ in range(5):
        connection.sendall(message)
        back, pieces = b"", 0
        while len(back) < len(message):
            piece = connection.recv(10)
            assert piece, "the server has closed"
            assert len(piece) <= 10
            back, pieces = back + piece, pieces + 1
        assert back == message and pieces >= 2, (back, pieces)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(10) == b"", "something behind the end"
print("good")
