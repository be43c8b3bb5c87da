"""How long one address takes once the lists are loaded. Promise: under 1 ms. Run: python -m bench.identity"""

from __future__ import annotations

import os
import time

ADDRESSES = (
    "alice@connect.hku.hk",
    "bob@nus.edu.sg",
    "eve@gmail.com",
    "eve@mailinator.com",
    "eve@mіt.edu",
    "eve@foo.edu.evil.com",
    "carol@stu.pku.edu.cn",
    "dan@alumni.stanford.edu",
    "frank@rnit.edu",
    "grace@a.b.c.d.e.nowhere-in-any-list.example.co.uk",
)


def main(rounds: int = 500) -> None:
    """Print the time to load the lists and the median and worst time of an address."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from agreements.identity.evidence import assess

    began = time.perf_counter()
    assess(ADDRESSES[0], organization="The University of Hong Kong", rules=())
    print(f"first address, lists loaded: {(time.perf_counter() - began) * 1000:8.1f} ms")
    times = []
    for _ in range(rounds):
        for address in ADDRESSES:
            began = time.perf_counter()
            assess(address, organization="The University of Hong Kong", rules=())
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    print(f"median of {len(times)} addresses:    {times[len(times) // 2]:8.3f} ms (promise: under 1 ms)")
    print(f"95 of 100 take at most:      {times[len(times) * 95 // 100]:8.3f} ms")


if __name__ == "__main__":
    main()
