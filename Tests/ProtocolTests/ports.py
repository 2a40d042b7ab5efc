"""Waits until somebody listens."""
import socket
import sys
import time


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(f"nobody listens at port {port}")
            time.sleep(0.05)
