"""`python -m merpati.transports.linked.worker FD DEVICES`: the gateway starts it with one end of a socket pair."""

import sys

from merpati.transports.linked.worker.serving import run

run(int(sys.argv[1]), int(sys.argv[2]))
