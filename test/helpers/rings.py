"""Writes Swift's rings of one device each into the working folder: rings.py NAME:PORT..."""

import sys

from swift.common.ring import RingBuilder

for name, port in (word.split(":") for word in sys.argv[1:]):
    ring = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1.0})
    ring.rebalance()
    ring.get_ring().save(f"{name}.ring.gz")
