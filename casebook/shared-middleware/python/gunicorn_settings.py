"""One process with as many threads as a round of the driver has requests."""

import os

worker_class = "gthread"
workers = 1
threads = 64
bind = f"127.0.0.1:{os.environ['PORT']}"
loglevel = "warning"
pythonpath = os.path.dirname(__file__)
control_socket_disable = True


def when_ready(server):
    print(f"listening on http://127.0.0.1:{server.LISTENERS[0].sock.getsockname()[1]}", flush=True)
