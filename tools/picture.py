"""The README's picture: what `stepwell demo` prints, as SVG.

python tools/picture.py docs/pictures/demo.svg
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 112
LAST_LINE_SHOWN = "Nothing was lost."


def demo_output() -> str:
    """What the demo prints on a terminal of that width, with its colours."""
    environment = {
        **os.environ,
        "COLUMNS": str(WIDTH),
        "FORCE_COLOR": "1",
        "TERM": "xterm-256color",
    }
    command = [sys.executable, "-m", "stepwell.cli.main", "demo"]
    done = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def main() -> None:
    """Write the picture to the path that is given."""
    console = Console(record=True, width=WIDTH, file=StringIO())
    lines: list[str] = []
    for line in demo_output().splitlines():
        lines.append(line)
        if LAST_LINE_SHOWN in line:
            break
    console.print(Text.from_ansi("\n".join(lines)))
    picture = console.export_svg(title="make demo")
    # A picture in a document must not load fonts from elsewhere; any fixed-width font will do.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    Path(sys.argv[1]).write_text(picture.replace("Fira Code, monospace", "monospace"))


if __name__ == "__main__":
    main()
