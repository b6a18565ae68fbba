"""usage: serve_asgi.py broken|mended PORT      (port 0 takes a free one)"""

import importlib
import signal
import socket
import sys

import uvicorn


class Server(uvicorn.Server):
    """Says where it listens, and ends with status 0 when it is asked to end."""

    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(f"listening on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)

    def run(self, sockets=None):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        super().run(sockets)


variant, port = sys.argv[1:]
listener = socket.create_server(("127.0.0.1", int(port)), backlog=1024)
site = importlib.import_module(f"asgi_{variant}").application
Server(uvicorn.Config(site, lifespan="off", log_level="warning", access_log=False)).run([listener])
