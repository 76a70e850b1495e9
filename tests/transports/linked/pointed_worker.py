"""A worker that trusts a fake WhatsApp alone: what tests start in place of `merpati.transports.linked.worker`.

With PROXY AUTHORITY ROOT before its own arguments it starts over with an environment that points there: the
library reads the one that its process began with.
"""

import os
import sys
from pathlib import Path

from merpati.fakes.whatsapp.pointing import Pointing, trust_fake
from merpati.transports.linked.worker.serving import run

if __name__ == "__main__":
    *pointed, fd, devices = sys.argv[1:]
    if pointed:
        proxy, authority, root = pointed
        environment = os.environ | Pointing(proxy, Path(authority), root).environment()
        os.execve(sys.executable, [sys.executable, __file__, fd, devices], environment)
    run(int(fd), int(devices), before=trust_fake)
