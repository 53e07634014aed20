"""Stands between one client and a server, counts requests, and acts at one of them."""

import socket
import threading

PHASES = ("before the request", "after the request", "after the answer")


class Proxy:
    """Passes one connection after the other on, a request and its answer at a time. At the given
    request (counted from 1 over all connections) and phase it calls `act`, and closes the connection:
    the client never sees that answer."""

    def __init__(self, target, at_request, phase, act):
        self.target, self.at_request, self.phase, self.act = target, at_request, phase, act
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def close(self):
        # Wakes accept(), too.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with client:
                try:
                    self.pass_on(client)
                except OSError:
                    pass  # one side has closed; so does the other

    def pass_on(self, client):
        with socket.create_connection(self.target()) as server:
            while True:
                request = read_message(client)
                if not request:
                    return
                self.requests += 1
                is_the_one = self.requests == self.at_request
                if is_the_one and self.phase == PHASES[0]:
                    return self.act()
                server.sendall(request)
                if is_the_one and self.phase == PHASES[1]:
                    return self.act()
                answer = read_message(server)
                if is_the_one:
                    return self.act()
                if not answer:
                    return
                client.sendall(answer)


def read_message(stream):
    """One HTTP message with a Content-Length or without a body; empty when the stream has ended."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        more = stream.recv(65536)
        if not more:
            return b""
        data += more
        body += more
    return data
