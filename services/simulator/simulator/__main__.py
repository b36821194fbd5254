"""`python -m simulator`: the simulator by itself."""

import asyncio

from simulator.main import main

asyncio.run(main())
