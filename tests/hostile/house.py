"""The process that plays all hostile servers: `python -m hostile.house FOLDER`, until its input closes.

It has the large bodies in its memory, so that the battery, whose children are measured, has not. FOLDER gets
`servers.json`, the recordings, and `elsewhere.log`, where stands who followed a redirect.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path

from hostile import catalogue, recordings, texts
from hostile.servers import House


def main(folder: Path, pattern: str) -> None:
    wanted = [one for one in catalogue.SERVERS if catalogue.fits(one.name, pattern)]
    traps = [one for one in recordings.TRAPS if catalogue.fits(one.name, pattern)]
    house = House(wanted)
    texts.ELSEWHERE[0] = f"http://127.0.0.1:{elsewhere(folder / 'elsewhere.log')}/v1"
    servers = []
    for number, one in enumerate(wanted):
        place = folder / "recordings" / str(number)
        if one.raw is not None:
            recordings.kept(one, place)
        servers.append({
            "number": number, "name": one.name, "family": one.family, "url": house.url(number), "codes": one.codes,
            "whole": one.whole, "recording": str(place) if one.raw is not None else "",
        })  # fmt: skip
    kept = []
    for number, trap in enumerate(traps):
        place = folder / "traps" / str(number)
        place.mkdir(parents=True)
        trap.make(place)
        kept.append({"name": trap.name, "family": "recordings", "folder": str(place), "codes": trap.codes})
    (folder / "servers.json").write_text(json.dumps({"servers": servers, "traps": kept}), "utf-8")
    print("ready", flush=True)
    sys.stdin.read()


def elsewhere(log: Path) -> int:
    """A port where nobody may come; its number."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            visitor, _ = listener.accept()
            with visitor, log.open("ab") as file:
                file.write(visitor.recv(65536) + b"\n")

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
