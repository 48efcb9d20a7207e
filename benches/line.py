"""A merchant's line: a proxy on loopback that delays what goes through it, limits what goes up, and
counts it."""

import socket
import threading
import time

CHUNK = 16384


class Line:
    """Leads to one host. `delay` is in seconds, one way; `up` in bytes a second."""

    def __init__(self, host, delay, up):
        self.to = (host["address"], host["port"])
        self.delay, self.rate = delay, up
        self.up = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.to)
            for one in (here, there):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._carry(here, there, True)
            self._carry(there, here, False)

    def _carry(self, source, sink, is_up):
        """Reads in one thread and writes in another, each piece when its time has come."""
        waiting, there_is_more = [], threading.Condition()

        def read():
            free = time.monotonic()
            while True:
                try:
                    data = source.recv(CHUNK)
                except OSError:
                    data = b""
                free = max(free, time.monotonic())
                if is_up:
                    self.up += len(data)
                    free += len(data) / self.rate
                with there_is_more:
                    waiting.append((free + self.delay, data))
                    there_is_more.notify()
                if not data:
                    return

        def write():
            while True:
                with there_is_more:
                    there_is_more.wait_for(lambda: waiting)
                    at, data = waiting.pop(0)
                time.sleep(max(0, at - time.monotonic()))
                try:
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)
                except OSError:
                    source.close()
                    return

        for work in (read, write):
            threading.Thread(target=work, daemon=True).start()
