"""Fails in the way that its argument names."""

import asyncio
import ctypes
import faulthandler
import json
import logging
import os
import sys
import threading


class Rejected(Exception):
    pass


def total(orders, name):
    return orders[name].total


def chained():
    try:
        total({}, "none")
    except KeyError as error:
        raise Rejected("order 17") from error


def during():
    try:
        total({}, "none")
    except KeyError:
        total({"none": None}, "none")


def thread():
    worker = threading.Thread(target=total, args=({}, "none"), name="worker-3")
    worker.start()
    worker.join()


async def forgotten():
    task = asyncio.create_task(asyncio.to_thread(total, {}, "none"))
    await asyncio.sleep(0.2)
    del task


def crash():
    faulthandler.enable()
    ctypes.string_at(16)


def group():
    errors = []
    for name in ("a", "b"):
        try:
            total({}, name)
        except KeyError as error:
            errors.append(error)
    raise ExceptionGroup("two orders", errors)


def deep(n):
    return deep(n + 1)


def logged():
    logging.basicConfig(level=logging.INFO)
    try:
        total({}, "none")
    except KeyError:
        logging.exception("could not count, trying again")
    logging.info("counted")


def fatal():
    faulthandler.enable()
    ctypes.CDLL(None).abort()


how = sys.argv[1]
if how == "error":
    total({}, "none")
elif how == "forgotten":
    asyncio.run(forgotten())
elif how == "syntax":
    exec(compile("def f(:\n  pass\n", "orders.py", "exec"))
elif how == "exit":
    os._exit(3)
elif how == "json":
    print(json.dumps({"level": "info", "message": "Traceback (most recent call last):\n  File"}))
else:
    deep(0) if how == "deep" else globals()[how]()
