"""Runs a command and prints its milliseconds and its largest resident KiB: timed.py COMMAND…"""
import os
import resource
import subprocess
import sys
import time

begin = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
took = time.monotonic() - begin
print(f"{took * 1000:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
