"""A worker that trusts a fake WhatsApp alone: what tests start in place of `merpati.transports.linked.worker`."""

import sys

from merpati.fakes.whatsapp.pointing import trust_fake
from merpati.transports.linked.worker.serving import run

if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]), before=trust_fake)
